#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "source/intake.hpp"
#include "source/peer_socket.hpp"
#include "source/readers.hpp"
#include "source/stream_reader.hpp"

namespace aep::source {

/// One connection of a source: its bytes become records, its end the end of the last one. Confined.
///
/// What a connection leaves unfinished is a record where the sender has ended in good order or fallen silent
/// (idle_timeout): it may lack only its newline, and if it is half a record, it is refused and kept. After a
/// reset, and at the agent's own stop, it is known to be half of one, and the sender knows that too: then it
/// is lost, and counted. An incomplete frame of octet counting is always lost.
class Connection {
  public:
    enum class Step {
        Read,     ///< bytes were read
        More,     ///< and more are here that no event will tell of, or there is reason to think so
        Nothing,  ///< nothing to read now
        Stopped,  ///< asked to stop while waiting for memory
        Ended,    ///< see end(); nothing more comes
    };
    enum class End {
        Closed,     ///< by the peer, in good order
        Broken,     ///< reset, or TLS without its end
        Handshake,  ///< TLS could not be agreed upon
        BadFrame,   ///< what should be a count of octets is none
        Idle,       ///< silent for idle_timeout
        Stalled,    ///< others waited too long for the end of its record
        Stopped,    ///< the source stops
    };

    Connection(PeerSocket socket, std::string peer, const SourceOptions& options, Intake& intake,
               Readers& readers, base::SteadyTime now);

    /// One step of the handshake, or at most `most` bytes and one Block. Waits for memory.
    [[nodiscard]] Step read(std::size_t most, base::SteadyTime now, const std::stop_token& stop);

    /// Gives up the connection for this reason; hands over what that leaves as a record. Waits for memory,
    /// unless asked to stop.
    void conclude(End end, const std::stop_token& stop);

    [[nodiscard]] End end() const { return *end_; }
    /// Why it is Broken or the Handshake failed.
    [[nodiscard]] const std::string& error() const { return socket_.error(); }
    /// Bytes that were read and are no record. Once it has ended.
    [[nodiscard]] std::uint64_t lost() const;
    /// It ended within a frame of octet counting.
    [[nodiscard]] bool cut_a_frame() const { return reader_.framer().within_frame(); }

    [[nodiscard]] int fd() const { return socket_.fd(); }
    [[nodiscard]] const std::string& peer() const { return reader_.state().ledger->origin()->name; }
    [[nodiscard]] bool is_ready() const { return socket_.is_ready(); }
    [[nodiscard]] std::uint64_t position() const { return reader_.framer().scanned(); }
    /// Bytes waiting to be read.
    [[nodiscard]] std::size_t available() const { return socket_.available(); }
    /// Bytes held of an incomplete record.
    [[nodiscard]] std::size_t held() const { return reader_.held(); }
    /// Part of a record is held, and nothing that is whole.
    [[nodiscard]] bool holds_a_part() const { return reader_.held() > 0 && !reader_.more(); }
    [[nodiscard]] base::SteadyTime last_read() const { return last_read_; }

    bool paused = false;         ///< not watched: other long records come first
    std::size_t long_bytes = 0;  ///< what the source counts for its record; see LongRecords

  private:
    [[nodiscard]] Step shake_hands(const std::stop_token& stop);
    [[nodiscard]] Step after(StreamReader::Outcome outcome, const std::stop_token& stop);

    PeerSocket socket_;
    Intake& intake_;
    StreamReader reader_;
    const StreamReader::Read read_;
    base::SteadyTime last_read_;
    std::optional<End> end_;
};

/// "closed", "broken", ...: for logs and metrics.
[[nodiscard]] std::string_view word_for(Connection::End end);

}  // namespace aep::source
