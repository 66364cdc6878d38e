#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.hpp"
#include "http/deadline.hpp"
#include "http/url.hpp"

namespace aep::http {

/// A TCP connection to `peer`: looks the name up anew (see look_up()), then tries its addresses in turn. The
/// look-up has `limit`, and so have all addresses together: each may use its even share of what is left, so
/// that one that does not answer does not cost the others their chance. Errors: LookUp, Connect, Stopped.
[[nodiscard]] boost::asio::awaitable<base::Result<boost::asio::ip::tcp::socket>> dial(const Authority& peer,
                                                                                      base::Millis limit,
                                                                                      Deadline& deadline);

}  // namespace aep::http
