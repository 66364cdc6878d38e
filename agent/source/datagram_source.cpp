#include "source/datagram_source.hpp"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;
using Type = SourceOptions::Type;

constexpr std::size_t kLargestUdp = 65'536;  ///< 65,507 bytes of content, rounded up
constexpr std::chrono::seconds kPauseAfterError{1};

std::size_t slot_of(const SourceOptions& options) {
    // One byte more than a record may have tells that it has more; a line end is not counted.
    const std::size_t most = round_up_to_page(std::max(options.max_record + 2, record::kOversizedKept));
    return options.type == Type::Udp ? std::min(most, kLargestUdp) : most;
}

/// In bytes of content. The kernel doubles what it is told, for its own needs, and answers with that.
std::size_t receive_buffer(int fd) {
    int size = 0;
    socklen_t length = sizeof size;
    if (::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) != 0 || size < 0) return 0;
    return static_cast<std::size_t>(size) / 2;
}

void set_receive_buffer(int fd, const SourceOptions& options) {
    const int wanted = static_cast<int>(options.receive_buffer);
    // The first may pass net.core.rmem_max, with a privilege.
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0) {
        (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    }
    const std::size_t given = receive_buffer(fd);
    if (given >= options.receive_buffer) return;
    log::warn("receive_buffer_small",
              "the system gives the socket less than receive_buffer, bursts may be dropped: raise "
              "net.core.rmem_max (sysctl)",
              {{"source", options.id},
               {"given", base::human_bytes(given)},
               {"receive_buffer", base::human_bytes(options.receive_buffer)}});
}

/// The same count as SO_RXQ_OVFL's, which comes only with a datagram that was received after the drop.
std::uint32_t kernel_drops(int fd) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
    socklen_t size = sizeof values;
    if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values.data(), &size) != 0) return 0;
    return values[SK_MEMINFO_DROPS];
}

std::string_view without_line_end(std::string_view bytes) {
    if (!bytes.ends_with('\n')) return bytes;
    bytes.remove_suffix(1);
    if (bytes.ends_with('\r')) bytes.remove_suffix(1);
    return bytes;
}

}  // namespace

base::Result<std::unique_ptr<Source>> DatagramSource::open(const SourceOptions& options,
                                                           const Surroundings& surroundings) {
    auto socket = ListeningSocket::open(options);
    if (!socket) return socket.error();
    return std::unique_ptr<Source>{
        std::make_unique<DatagramSource>(options, surroundings, std::move(*socket))};
}

DatagramSource::DatagramSource(const SourceOptions& options, const Surroundings& surroundings,
                               ListeningSocket socket)
    : SourceBase{options, surroundings, {}},
      socket_{std::move(socket)},
      state_{std::make_shared<ReaderState>(intake_.open_stream(socket_.address(), false))},
      batch_{slot_of(options)},
      expected_{round_up_to_page(0)} {
    readers_.add(state_);
    if (options.type == Type::Udp) {
        dropped_ = &surroundings.metrics.counter("aep_agent_udp_dropped_total",
                                                 "Datagrams that the kernel dropped before they were read.",
                                                 {{"source", options_.id}});
        set_receive_buffer(socket_.fd(), options_);
    } else {
        const int yes = 1;
        (void)::setsockopt(socket_.fd(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
    }
    log::info("listening", "ready for datagrams", {{"source", options_.id}, {"address", socket_.address()}});
}

void DatagramSource::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        // Woken by the first datagram, a little longer for those that follow: one call then takes them all.
        if (wake_.wait(socket_.fd(), -1ns)) wake_.wait(-1, options_.gather);
        Outcome outcome = Outcome::Full;
        while (outcome == Outcome::Full && !stop.stop_requested()) outcome = read_batch(stop);
        count_drops();
    }
    drain(stop);
}

DatagramSource::Outcome DatagramSource::read_batch(const std::stop_token& stop) {
    record::Lease lease = intake_.admit(expected_, stop);
    if (lease.share() == nullptr) return Outcome::Stop;
    const int received = batch_.receive(socket_.fd());
    if (received < 0) {
        log::error("source_unreadable", "cannot receive datagrams, trying again",
                   {{"source", options_.id}, {"error", base::system_message(errno)}});
        wake_.wait(-1, kPauseAfterError);
    }
    if (received <= 0) return Outcome::Done;
    const auto count = static_cast<std::size_t>(received);
    expected_ = round_up_to_page(bytes_to_keep(count));
    record::BlockPtr block = intake_.open_admitted(state_->ledger->origin(), expected_, std::move(lease));
    take_in(count, *block);
    state_->read = position_;
    state_->size = position_;
    intake_.hand_over(std::move(block), state_->ledger);
    return count == batch_.most() ? Outcome::Full : Outcome::Done;
}

std::size_t DatagramSource::bytes_to_keep(std::size_t count) const {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) bytes += batch_.bytes(i).size();
    return bytes;
}

void DatagramSource::take_in(std::size_t count, record::Block& block) {
    first_of_peer_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view content = without_line_end(batch_.bytes(i));
        const bool blank = content.find_first_not_of(" \t\r\n") == std::string_view::npos;
        if (!blank || batch_.true_size(i) > options_.max_record) {
            add_record(i, content.size(), block);
            block.peer_indices.push_back(peer_index(i, block));
        }
        position_ += batch_.true_size(i);
    }
    block.end_position = position_;
}

void DatagramSource::add_record(std::size_t index, std::size_t keep, record::Block& block) const {
    record::RecordSpan span{.position = position_, .begin = static_cast<std::uint32_t>(block.size)};
    if (keep > options_.max_record) {
        span.oversized = batch_.true_size(index);
        keep = record::kOversizedKept;
    }
    span.size = static_cast<std::uint32_t>(keep);
    std::memcpy(block.data() + block.size, batch_.bytes(index).data(), keep);
    block.size += keep;
    block.records.push_back(span);
}

std::uint16_t DatagramSource::peer_index(std::size_t index, record::Block& block) {
    const auto known = std::find_if(first_of_peer_.begin(), first_of_peer_.end(),
                                    [&](std::size_t first) { return batch_.same_sender(first, index); });
    if (known != first_of_peer_.end()) return static_cast<std::uint16_t>(known - first_of_peer_.begin());
    first_of_peer_.push_back(index);
    block.peers.push_back(batch_.sender(index));
    return static_cast<std::uint16_t>(block.peers.size() - 1);
}

void DatagramSource::count_drops() {
    if (dropped_ == nullptr) return;
    const std::uint32_t drops = kernel_drops(socket_.fd());
    const std::uint32_t fresh = drops - std::exchange(drops_seen_, drops);
    if (fresh == 0) return;
    dropped_->Increment(fresh);
    log::warn("udp_dropped",
              "the kernel has dropped datagrams because they were not read in time: raise receive_buffer, or "
              "look at why the destination is slow",
              {{"source", options_.id}, {"dropped", fresh}});
}

/// What has arrived until now is read, as far as there is memory for it. Senders that go on are not waited
/// for.
void DatagramSource::drain(const std::stop_token& stop) {
    const std::uint64_t until = position_ + 2 * receive_buffer(socket_.fd());
    Outcome outcome = Outcome::Full;
    while (outcome == Outcome::Full && position_ < until) outcome = read_batch(stop);
    count_drops();
    if (outcome == Outcome::Stop && wake_.wait(socket_.fd(), 0ns)) {
        log::error("datagrams_left", "stopping without memory to read what has arrived: it is lost",
                   {{"source", options_.id}});
    }
    socket_.close();
}

}  // namespace aep::source
