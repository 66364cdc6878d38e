#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.hpp"
#include "http/deadline.hpp"
#include "http/proxy.hpp"

namespace aep::http {

/// Asks `proxy`, at the other end of `socket`, to lead on to `peer` (CONNECT, RFC 9110 9.3.6). Afterwards the
/// socket speaks with the peer. Errors: Proxy, where it answers anything but 2xx, or not in time.
[[nodiscard]] boost::asio::awaitable<base::Result<void>> open_tunnel(boost::asio::ip::tcp::socket& socket,
                                                                     const Proxy& proxy,
                                                                     const Authority& peer,
                                                                     base::Millis limit, Deadline& deadline);

}  // namespace aep::http
