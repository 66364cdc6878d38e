#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::telemetry {

/// Answers the requests of one client until it goes, asks for too much, or takes more than `request_time` for
/// one of them (or between two). The head of a request has at most 8 KiB. Never throws.
[[nodiscard]] boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket,
                                                            const Metrics& metrics, const Health& health,
                                                            std::chrono::milliseconds request_time);

}  // namespace aep::telemetry
