#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "source/connection.hpp"
#include "source/connection_metrics.hpp"
#include "source/listening_socket.hpp"
#include "source/long_records.hpp"
#include "source/server_tls.hpp"
#include "source/source_base.hpp"

namespace aep::source {

/// Types tcp and unix (stream): accepts connections and reads them, one Block of each in turn, so that a busy
/// one does not hold up the others. Back pressure: while there is no memory nothing is read, and so the
/// senders wait; a time that bounds a silence does not run on against bytes that wait to be read.
///
/// More than max_connections are accepted and closed at once: a sender that is told can turn elsewhere, one
/// in the kernel's queue believes that it is served.
class ConnectionSource final : public SourceBase {
  public:
    /// What peers get; tests give less.
    struct Times {
        std::chrono::milliseconds handshake{10'000};
        /// For a record while others wait for the memory that its beginning takes.
        std::chrono::milliseconds long_record{60'000};
    };

    /// Listens from here on; what comes waits for start().
    [[nodiscard]] static base::Result<std::unique_ptr<Source>> open(const SourceOptions& options,
                                                                    const Surroundings& surroundings);
    ConnectionSource(const SourceOptions& options, const Surroundings& surroundings, ListeningSocket listener,
                     SslContextPtr tls, Times times);
    ~ConnectionSource() override { stop(); }

  private:
    void run(const std::stop_token& stop) override;
    void wait();
    void take_events();
    void accept_some();
    [[nodiscard]] bool accept_one();
    void accept_failed(int error);
    void welcome(Descriptor fd, std::string peer);
    void read_round(const std::stop_token& stop);
    void read_one(Connection& connection, const std::stop_token& stop);
    void resume_paused();
    void keep_house(const std::stop_token& stop);
    void relieve();
    [[nodiscard]] bool is_overdue(const Connection& connection) const;
    void end(Connection& connection, Connection::End why, const std::stop_token& stop);
    void bury(Connection& connection);
    void drain(const std::stop_token& stop);
    [[nodiscard]] bool watch(int fd) const;
    void unwatch(int fd) const;

    ListeningSocket listener_;
    const SslContextPtr tls_;  ///< null: plain
    const Times times_;
    ConnectionMetrics metrics_;
    Descriptor epoll_;
    const int most_descriptors_;                                        ///< a connection's is below
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;  ///< by descriptor
    LongRecords long_records_;
    std::vector<int> due_;  ///< to be read in the next round
    std::vector<int> paused_;
    const Connection* busy_ = nullptr;  ///< one of its functions is running
    std::size_t last_round_ = 0;        ///< bytes that it had to read
    base::SteadyTime now_ = {};
    base::SteadyTime next_house_keeping_ = {};
    base::SteadyTime accept_again_ = {};
    bool accepting_ = true;
};

}  // namespace aep::source
