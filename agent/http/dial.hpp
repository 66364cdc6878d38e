#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.hpp"
#include "http/deadline.hpp"
#include "http/options.hpp"
#include "http/url.hpp"

namespace aep::http {

/// A TCP connection to `peer`: looks the name up anew, then tries its addresses (the first 8) in turn. The
/// look-up and each address have `limit` of their own. Errors: LookUp, Connect, Stopped.
[[nodiscard]] boost::asio::awaitable<base::Result<boost::asio::ip::tcp::socket>> dial(const Url& peer,
                                                                                      base::Millis limit,
                                                                                      Deadline& deadline);

}  // namespace aep::http
