#include "source/stdin_source.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
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

/// A shorter incomplete record is copied into the next Block, a longer one only once its end has come.
constexpr std::size_t kCopiedCarry = 4096;

bool is_regular(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
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
      framer_{options.framing, options.max_record, 0},
      state_{std::make_shared<ReaderState>("stdin",
                                           intake_.new_reader("stdin", false, base::random_hex128(), 0))},
      carry_lease_{intake_.open_lease()},
      backoff_{kFirstBackoff} {
    readers_.add(state_);
}

void StdinSource::run(const std::stop_token& stop) {
    struct stat status {};
    if (regular_ && ::fstat(fd_, &status) == 0) state_->size = static_cast<std::uint64_t>(status.st_size);
    while (!stop.stop_requested()) {
        if (framer_.more()) {
            if (!cut_carry(false, stop)) return;
            continue;
        }
        wait_for_data(stop);
        if (stop.stop_requested()) return;
        const Outcome outcome = read_some(stop);
        if (outcome == Outcome::Stop) return;
        if (outcome == Outcome::End) break;
    }
    if (stop.stop_requested()) return;
    while (framer_.more() || framer_.unfinished()) {
        if (!cut_carry(true, stop)) return;
    }
    state_->closed = true;
    finish();
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

StdinSource::Outcome StdinSource::read_some(const std::stop_token& stop) {
    const std::size_t wanted = std::clamp(available(), kCopiedCarry, intake_.block_bytes());
    if (carry_.size() > kCopiedCarry && wanted < carry_.size()) return extend_carry(wanted, stop);
    return read_block(wanted, stop);
}

StdinSource::Outcome StdinSource::read_block(std::size_t wanted, const std::stop_token& stop) {
    const std::size_t capacity = round_up_to_page(carry_.size() + wanted) + framer_.tail_room();
    record::BlockPtr block = intake_.open_block(state_->ledger->origin(), capacity, stop);
    if (!block) return Outcome::Stop;
    std::size_t got = 0;
    const Outcome outcome = read_into(block->data() + carry_.size(), wanted, got);
    if (outcome != Outcome::Data) return outcome;
    std::memcpy(block->data(), carry_.data(), carry_.size());
    block->size = carry_.size() + got;
    cut(std::move(block), false);
    return Outcome::Data;
}

/// A long record that arrives in small pieces: each is looked at once and copied once.
StdinSource::Outcome StdinSource::extend_carry(std::size_t wanted, const std::stop_token& stop) {
    const std::size_t before = carry_.size();
    carry_.resize(before + wanted);
    carry_lease_.resize(carry_.capacity());
    std::size_t got = 0;
    const Outcome outcome = read_into(carry_.data() + before, wanted, got);
    carry_.resize(before + got);
    if (outcome != Outcome::Data) return outcome;
    const bool goes_on = framer_.absorb(std::string_view{carry_}.substr(before));
    return goes_on || cut_carry(false, stop) ? Outcome::Data : Outcome::Stop;
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
        log::error("source_unreadable", "standard input is closed or cannot be read: give the agent one",
                   {{"source", options_.id}, {"position", framer_.scanned()}, {"error", error.message}});
        give_up();
        return Outcome::End;
    }
    log::error("source_unreadable", "cannot read standard input, trying again",
               {{"source", options_.id}, {"position", framer_.scanned()}, {"error", error.message}});
    wake_.wait(-1, backoff_);
    backoff_ = std::min(2 * backoff_, kMaxBackoff);
    return Outcome::Nothing;
}

/// False: asked to stop.
bool StdinSource::cut_carry(bool last, const std::stop_token& stop) {
    const std::size_t capacity = round_up_to_page(carry_.size()) + framer_.tail_room();
    record::BlockPtr block = intake_.open_block(state_->ledger->origin(), capacity, stop);
    if (!block) return false;
    std::memcpy(block->data(), carry_.data(), carry_.size());
    block->size = carry_.size();
    cut(std::move(block), last);
    return true;
}

void StdinSource::cut(record::BlockPtr block, bool last) {
    const std::uint64_t begin = framer_.resume_at();
    const std::string_view bytes{block->data(), block->size};
    framer_.cut(*block, last);
    const auto consumed = static_cast<std::size_t>(framer_.resume_at() - begin);
    keep(bytes.substr(consumed));
    state_->read = block->end_position;
    intake_.hand_over(std::move(block), state_->ledger);
}

void StdinSource::keep(std::string_view rest) {
    // A new string, because an assigned one would keep the room of the longest record.
    std::string{rest}.swap(carry_);
    carry_lease_.resize(carry_.empty() ? 0 : carry_.capacity());
}

}  // namespace aep::source
