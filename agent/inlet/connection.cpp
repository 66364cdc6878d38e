#include "inlet/connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace aep::inlet {
namespace {

namespace asio = boost::asio;
using boost::beast::http::verb;
using std::chrono::milliseconds;

constexpr milliseconds kHandshakeTime{10'000};
constexpr milliseconds kClosingTime{2'000};
constexpr std::size_t kClosingBytes = 64U << 20U;

Response refusal(RequestReader::Result reason) {
    if (reason == RequestReader::Result::LongBody) {
        return problem(413, "Payload Too Large", "the request is far larger than what is allowed");
    }
    if (reason == RequestReader::Result::LongHead) {
        return problem(431, "Request Header Fields Too Large",
                       "the head of a request may have at most 64 KiB");
    }
    return problem(400, "Bad Request", "this is not an HTTP/1.1 request");
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, SSL_CTX& context, Service& service)
    : service_{service},
      stream_{std::move(socket), context},
      reader_{stream_, service.options().max_request},
      timer_{stream_.executor()} {
    allow(kHandshakeTime);
}

asio::awaitable<void> Connection::run() {
    const bool secure = co_await stream_.handshake();
    if (!secure) co_return;
    for (bool open = true; open;) open = co_await serve_request();
}

void Connection::check_time(base::SteadyTime now) {
    if (now >= deadline_) stream_.cancel();
}

void Connection::allow(milliseconds time) {
    deadline_ = base::SteadyClock::now() + time;
}

asio::awaitable<bool> Connection::serve_request() {
    allow(service_.options().idle_timeout);
    plan_ = {};
    const RequestReader::Result result = co_await reader_.read([this](std::string_view target) {
        plan_ = service_.plan(target);
        return plan_.drop != FaultRule::Drop::During;
    });
    if (result == RequestReader::Result::Closed) co_return false;
    if (result == RequestReader::Result::Complete) co_return co_await answer_request();
    co_return co_await refuse(result);
}

asio::awaitable<bool> Connection::answer_request() {
    const Service::Outcome outcome = service_.handle(reader_.request(), plan_);
    plan_ = outcome.plan;
    if (plan_.stall) {
        deadline_ = base::SteadyTime::max();
        const std::size_t forever = std::numeric_limits<std::size_t>::max();
        co_await ignore_input(forever);
        co_return false;
    }
    if (plan_.delay.count() > 0) co_await pause(plan_.delay);
    if (plan_.drop == FaultRule::Drop::After) co_return false;
    const bool head_only = reader_.request().method == verb::head;
    const Rendered rendered = render(outcome.response, reader_.keep_alive(), head_only, plan_.form);
    allow(service_.options().idle_timeout);
    const bool written = co_await write(rendered.text);
    if (!written || rendered.abrupt || plan_.drop == FaultRule::Drop::Before) co_return false;
    if (rendered.closes) co_await close_gently();
    co_return !rendered.closes;
}

asio::awaitable<bool> Connection::write(std::string_view text) {
    if (plan_.form != AnswerForm::Slow) co_return co_await stream_.write_all(text);
    constexpr std::size_t kParts = 20;
    const std::size_t size = text.size() / kParts + 1;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
        const bool written = co_await stream_.write_all(text.substr(0, size));
        if (!written) co_return false;
        co_await pause(milliseconds{50});
    }
    co_return true;
}

asio::awaitable<bool> Connection::refuse(RequestReader::Result reason) {
    const Rendered rendered = render(refusal(reason), false, false, AnswerForm::Right);
    const bool written = co_await stream_.write_all(rendered.text);
    if (written) co_await close_gently();
    co_return false;
}

asio::awaitable<void> Connection::pause(milliseconds time) {
    deadline_ = base::SteadyTime::max();
    timer_.expires_after(time);
    const auto [ended] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(ended);
}

/// Closing a socket with unread input resets the connection, and the client might lose the answer (RFC
/// 9112 9.6): so first the end is announced, then input is read for a while.
asio::awaitable<void> Connection::close_gently() {
    stream_.close_writing();
    allow(kClosingTime);
    co_await ignore_input(kClosingBytes);
}

asio::awaitable<void> Connection::ignore_input(std::size_t at_most) {
    std::vector<char> ignored(std::size_t{16} << 10U);
    while (at_most > 0) {
        const std::size_t size = co_await stream_.read_some(ignored);
        if (size == 0) co_return;
        at_most -= std::min(size, at_most);
    }
}

}  // namespace aep::inlet
