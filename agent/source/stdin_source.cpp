#include "source/stdin_source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/random.hpp"
#include "base/result.hpp"
#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstBackoff = 1s;
constexpr std::chrono::milliseconds kMaxBackoff = 60s;

bool is_regular(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/// True where a read would not wait: there are bytes, or it is the end.
bool is_readable(int fd) {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) == 1;
}

/// A writer is stopped by a full pipe, so half of it is as much as it is worth waiting for.
std::size_t enough_of(int fd) {
    const int pipe_size = ::fcntl(fd, F_GETPIPE_SZ);
    if (pipe_size <= 0) return kBlockTarget / 8;
    return std::min(kBlockTarget, static_cast<std::size_t>(pipe_size) / 2);
}

}  // namespace

StdinSource::StdinSource(const SourceOptions& options, const Surroundings& surroundings,
                         std::function<void()> on_finished, int fd)
    : SourceBase{options, surroundings, std::move(on_finished)},
      fd_{fd},
      regular_{is_regular(fd)},
      enough_{enough_of(fd)},
      state_{std::make_shared<ReaderState>(intake_.open_stream("stdin", false))},
      reader_{options_, intake_, state_},
      read_{[this](char* bytes, std::size_t size, std::size_t& got) { return read_into(bytes, size, got); }},
      backoff_{kFirstBackoff} {
    readers_.add(state_);
}

void StdinSource::run(const std::stop_token& stop) {
    struct stat status {};
    if (regular_ && ::fstat(fd_, &status) == 0) state_->size = static_cast<std::uint64_t>(status.st_size);
    bool ended = false;
    while (!ended && !stop.stop_requested()) {
        if (reader_.more()) {
            if (!reader_.cut_held(false, stop)) break;
            continue;
        }
        wait_for_data(stop);
        if (!stop.stop_requested()) ended = read_once(stop) == Outcome::End;
    }
    if (!ended) ended = drain(stop);
    // Complete records that are held are on their way, whether there is memory for them or not.
    if (stop.stop_requested()) reader_.cut_at_once(ended);
    if (!ended || !reader_.finish(stop)) return tell_lost();
    state_->closed = true;
    finish();
}

StdinSource::Outcome StdinSource::read_once(const std::stop_token& stop) {
    const std::size_t wanted = std::clamp(available(), StreamReader::kCopiedCarry, intake_.block_bytes());
    return reader_.read(wanted, read_, stop);
}

/// Asked to stop: what its writer has got rid of is read, as far as there is memory for it. True: the end of
/// the input stands behind it.
bool StdinSource::drain(const std::stop_token& stop) {
    const std::uint64_t until = reader_.framer().scanned() + (regular_ ? 0 : available());
    for (;;) {
        if (reader_.more()) {
            if (!reader_.cut_held(false, stop)) return false;
            continue;
        }
        const bool is_behind = reader_.framer().scanned() >= until;
        // Nothing there, nor the end; or the writer goes on.
        if (!is_readable(fd_) || (is_behind && available() > 0)) return false;
        const Outcome outcome = read_once(stop);
        if (outcome != Outcome::Data) return outcome == Outcome::End;
        if (is_behind) return false;  // once more only: how much there is need not be known
    }
}

/// The half of a record: nobody can read it again.
void StdinSource::tell_lost() {
    const Framer& framer = reader_.framer();
    // The second is what is skipped of a record above max_record.
    const std::uint64_t lost = reader_.held() + (framer.resume_at() - framer.yielded_to());
    if (lost == 0) return;
    count_lost(lost);
    log::error("record_incomplete", "stopped within a record of standard input: what came of it is lost",
               {{"source", options_.id}, {"position", framer.yielded_to()}, {"lost_bytes", lost}});
}

/// Waits for the first bytes and then a little for more, in growing steps so that a fast writer is not held
/// up.
void StdinSource::wait_for_data(const std::stop_token& stop) {
    if (regular_) return;
    if (!wake_.wait(fd_, -1ns)) return;
    const std::chrono::nanoseconds gather = options_.gather;
    std::size_t seen = available();
    for (auto step = gather / 32; step > 0ns && step <= gather / 2; step *= 2) {
        // Nothing to count although readable: the end of the input.
        if (seen == 0 || seen >= enough_ || stop.stop_requested()) return;
        wake_.wait(-1, step);
        seen = available();
    }
}

std::size_t StdinSource::available() const {
    int bytes = 0;
    if (::ioctl(fd_, FIONREAD, &bytes) != 0 || bytes < 0) return regular_ ? kBlockTarget : 0;
    return static_cast<std::size_t>(bytes);
}

StdinSource::Outcome StdinSource::read_into(char* bytes, std::size_t size, std::size_t& got) {
    const ssize_t count = ::read(fd_, bytes, size);
    if (count < 0) return read_failed(errno);
    backoff_ = kFirstBackoff;
    got = static_cast<std::size_t>(count);
    return count == 0 ? Outcome::End : Outcome::Data;
}

StdinSource::Outcome StdinSource::read_failed(int errno_value) {
    if (errno_value == EINTR || errno_value == EAGAIN) return Outcome::Nothing;
    const base::Error error = base::system_error("read", errno_value);
    if (errno_value == EBADF || errno_value == EISDIR) {
        log::error(
            "source_unreadable", "standard input is closed or cannot be read: give the agent one",
            {{"source", options_.id}, {"position", reader_.framer().scanned()}, {"error", error.message}});
        give_up();
        return Outcome::End;
    }
    log::error("source_unreadable", "cannot read standard input, trying again",
               {{"source", options_.id}, {"position", reader_.framer().scanned()}, {"error", error.message}});
    wake_.wait(-1, backoff_);
    backoff_ = std::min(2 * backoff_, kMaxBackoff);
    return Outcome::Nothing;
}

}  // namespace aep::source
