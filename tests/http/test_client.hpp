#pragma once

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/connection.hpp"
#include "http/test_server.hpp"

namespace aep::http {

inline std::string get(std::string_view body = "") {
    return fmt::format("POST /collection/inlet HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                       body.size(), body);
}

/// One Connection and the loop that it runs on.
class TestClient {
  public:
    explicit TestClient(const TestServer& server, const std::string& host = "localhost")
        : TestClient{server.url(host), server.ca_file()} {}
    TestClient(const std::string& url, const std::string& ca_file,
               TimeoutOptions timeouts = {std::chrono::seconds{10}, std::chrono::seconds{10}})
        : TestClient{url, TlsOptions{.ca_file = ca_file}, timeouts} {}
    TestClient(const std::string& url, const TlsOptions& tls,
               TimeoutOptions timeouts = {std::chrono::seconds{10}, std::chrono::seconds{10}},
               std::optional<Proxy> proxy = {})
        : peer_{parse_https_url(url).value(), std::move(proxy)},
          context_{TlsContext::create(tls).value()},
          connection_{io_.get_executor(), peer_, context_, timeouts} {}

    base::Result<Answer> exchange(const std::string& text) {
        std::optional<base::Result<Answer>> result;
        const std::size_t end = text.find("\r\n\r\n") + 4;
        const std::string_view view = text;
        boost::asio::co_spawn(io_, connection_.exchange({view.substr(0, end), view.substr(end)}),
                              [&result](const std::exception_ptr& failure, base::Result<Answer> answer) {
                                  if (failure) std::rethrow_exception(failure);
                                  result.emplace(std::move(answer));
                              });
        io_.restart();
        io_.run_for(std::chrono::seconds{30});
        return result.value();
    }
    [[nodiscard]] unsigned sent() const { return connection_.sent(); }
    void abort_after(std::chrono::milliseconds wait) {
        timer_.expires_after(wait);
        timer_.async_wait([this](const boost::system::error_code&) { connection_.abort(); });
    }

  private:
    boost::asio::io_context io_{1};
    boost::asio::steady_timer timer_{io_};
    Peer peer_;
    TlsContext context_;
    Connection connection_;
};

inline base::Error error_of(const base::Result<Answer>& result) {
    return result ? base::Error{"it succeeded"} : result.error();
}

}  // namespace aep::http
