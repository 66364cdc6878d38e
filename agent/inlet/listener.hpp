#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "base/result.hpp"

namespace aep::inlet {

/// An acceptor on `listen`: "127.0.0.1:8443", "[::1]:0", "localhost:0" (the first of its addresses that can
/// be bound).
[[nodiscard]] base::Result<boost::asio::ip::tcp::acceptor> listen_on(
    const boost::asio::any_io_executor& executor, const std::string& listen);

}  // namespace aep::inlet
