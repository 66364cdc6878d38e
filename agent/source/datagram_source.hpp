#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "base/result.hpp"
#include "source/datagram_batch.hpp"
#include "source/listening_socket.hpp"
#include "source/source_base.hpp"

namespace aep::source {

/// Types udp and unix (datagram): each datagram is one record, less one line end at its end. All senders
/// share one reader; positions count the bytes of all datagrams, in the order of their arrival.
///
/// Back pressure: while there is no memory nothing is read. Senders to a unix socket wait then; what a udp
/// socket cannot keep any more the kernel drops, and that is counted and warned of.
class DatagramSource final : public SourceBase {
  public:
    /// Is bound from here on; what comes waits for start().
    [[nodiscard]] static base::Result<std::unique_ptr<Source>> open(const SourceOptions& options,
                                                                    const Surroundings& surroundings);
    DatagramSource(const SourceOptions& options, const Surroundings& surroundings, ListeningSocket socket);
    ~DatagramSource() override { stop(); }

  private:
    enum class Outcome {
        Full,  ///< a whole batch was there, and maybe more
        Done,  ///< all that was there has been read
        Stop,  ///< asked to stop while waiting for memory
    };

    void run(const std::stop_token& stop) override;
    [[nodiscard]] Outcome read_batch(const std::stop_token& stop);
    [[nodiscard]] std::size_t bytes_to_keep(std::size_t count) const;
    void take_in(std::size_t count, record::Block& block);
    void add_record(std::size_t index, std::size_t keep, record::Block& block) const;
    [[nodiscard]] std::uint16_t peer_index(std::size_t index, record::Block& block);
    void count_drops();
    void drain(const std::stop_token& stop);

    ListeningSocket socket_;
    const std::shared_ptr<ReaderState> state_;  ///< shared with Readers
    DatagramBatch batch_;
    prometheus::Counter* dropped_ = nullptr;  ///< udp only
    std::uint32_t drops_seen_ = 0;            ///< of the kernel's counter, which wraps
    std::uint64_t position_ = 0;
    std::size_t expected_;  ///< bytes of the next batch
    /// Of the Block at hand: the datagram that its peer `i` was first seen with.
    std::vector<std::size_t> first_of_peer_;
};

}  // namespace aep::source
