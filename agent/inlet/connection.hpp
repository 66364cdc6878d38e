#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"
#include "inlet/request_reader.hpp"
#include "inlet/service.hpp"
#include "inlet/tls_stream.hpp"

namespace aep::inlet {

/// One client: its requests in turn, until it goes or is silent for too long. Confined to the inlet's thread.
class Connection {
  public:
    Connection(boost::asio::ip::tcp::socket socket, SSL_CTX& context, Service& service);

    [[nodiscard]] boost::asio::awaitable<void> run();
    /// Ends the wait that is under way when its time is over; called now and then.
    void check_time(base::SteadyTime now);

  private:
    [[nodiscard]] boost::asio::awaitable<bool> serve_request();
    [[nodiscard]] boost::asio::awaitable<bool> answer_request();
    [[nodiscard]] boost::asio::awaitable<bool> refuse(RequestReader::Result reason);
    [[nodiscard]] boost::asio::awaitable<bool> write(std::string_view text);
    [[nodiscard]] boost::asio::awaitable<void> pause(std::chrono::milliseconds time);
    [[nodiscard]] boost::asio::awaitable<void> close_gently();
    [[nodiscard]] boost::asio::awaitable<void> ignore_input(std::size_t at_most);
    void allow(std::chrono::milliseconds time);

    Service& service_;
    TlsStream stream_;
    RequestReader reader_;
    boost::asio::steady_timer timer_;
    FaultControl::Plan plan_;  ///< of the request at hand
    base::SteadyTime deadline_ = base::SteadyTime::max();
};

}  // namespace aep::inlet
