#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "base/result.hpp"
#include "http/deadline.hpp"
#include "http/url.hpp"

namespace aep::http {

/// The addresses of `host` (the first 8), looked up anew. The system's look-up cannot be called off and may
/// hang for minutes: it has a thread of its own, which whoever waits can leave behind, and which all who want
/// to know the same at the same time share. So one dead name server costs one thread for each host, holds
/// nobody longer than `limit`, and does not hold up a stop. Errors: LookUp, Stopped.
[[nodiscard]] boost::asio::awaitable<base::Result<std::vector<boost::asio::ip::tcp::endpoint>>> look_up(
    const Authority& host, base::Millis limit, Deadline& deadline);

}  // namespace aep::http
