#include "inlet/listener.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

namespace aep::inlet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Address {
    std::string host;
    std::string port;
};

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && rest == end;
}

base::Result<Address> parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    const bool good = colon != std::string_view::npos && is_port(text.substr(colon + 1)) &&
                      (bracketed || host.find(':') == std::string_view::npos);
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (good && !host.empty())
        return Address{.host = std::string{host}, .port = std::string{text.substr(colon + 1)}};
    return base::Error{fmt::format(
        "listen address `{}` is not host:port; write one such as 127.0.0.1:8443, [::1]:8443 or localhost:0",
        text)};
}

error_code bind_to(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
    error_code error;
    if (acceptor.is_open()) acceptor.close(error);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error;
}

std::string_view advice(const error_code& error) {
    if (error == asio::error::address_in_use)
        return "another program listens there; choose another port, 0 for any free one";
    if (error == asio::error::access_denied) return "ports below 1024 need privileges; choose another port";
    return "choose an address of this machine";
}

}  // namespace

base::Result<tcp::acceptor> listen_on(const asio::any_io_executor& executor, const std::string& listen) {
    const base::Result<Address> address = parse(listen);
    if (!address) return address.error();
    tcp::resolver resolver{executor};
    error_code error;
    const auto found = resolver.resolve(address->host, address->port,
                                        tcp::resolver::passive | tcp::resolver::numeric_service, error);
    for (const auto& entry : found) {
        tcp::acceptor acceptor{executor};
        error = bind_to(acceptor, entry.endpoint());
        if (!error) return acceptor;
    }
    return base::Error{fmt::format("cannot listen on {}: {}; {}", listen, error.message(), advice(error)),
                       error};
}

}  // namespace aep::inlet
