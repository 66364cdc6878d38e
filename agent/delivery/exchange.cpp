#include "delivery/exchange.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "http/redact.hpp"

namespace aep::delivery {

namespace asio = boost::asio;
using base::SteadyClock;

Exchange::Exchange(const asio::any_io_executor& executor, const http::Peer& peer, http::TlsContext& tls,
                   const http::TimeoutOptions& timeouts, const RequestHead& head, Compression& compression,
                   DestinationMetrics& metrics)
    : head_{head}, compression_{compression}, metrics_{metrics}, connection_{executor, peer, tls, timeouts} {}

asio::awaitable<base::Result<http::Answer>> Exchange::send(Job& job, http::TokenPtr token) {
    const std::string_view plain = job.batch->body();
    if (compression_.is_on()) {
        const std::string packed = compression_.pack(plain);
        base::Result<http::Answer> answer = co_await attempt(job, token, packed, Coding::Gzip);
        if (!answer || !Compression::may_refuse(*answer)) co_return answer;
        const base::Result<http::Answer> again = co_await attempt(job, token, plain, Coding::None);
        if (again) compression_.learn(*answer, *again);
        co_return again;
    }
    const base::Result<http::Answer> answer = co_await attempt(job, token, plain, Coding::None);
    co_return answer;
}

asio::awaitable<base::Result<http::Answer>> Exchange::attempt(Job& job, const http::TokenPtr& token,
                                                              std::string_view body, Coding coding) {
    const base::SteadyTime began = SteadyClock::now();
    const std::string head = head_.render(*job.batch->stream, body.size(), coding, token.get());
    const http::Request request{head, body};
    base::Result<http::Answer> answer = co_await connection_.exchange(request);
    // The inlet's words go into the log and into dead letters.
    if (answer && token) http::redact(answer->body, token->text());
    for (unsigned i = 0; i < connection_.sent(); ++i) count(job, body.size(), began);
    co_return answer;
}

void Exchange::count(Job& job, std::size_t bytes, base::SteadyTime began) {
    const auto messages = static_cast<double>(job.batch->messages.size());
    metrics_.sent.Increment(messages);
    if (job.attempts++ > 0) metrics_.retried.Increment(messages);
    metrics_.batch_bytes.Observe(static_cast<double>(bytes));
    metrics_.batch_messages.Observe(messages);
    metrics_.request_seconds.Observe(std::chrono::duration<double>(SteadyClock::now() - began).count());
}

}  // namespace aep::delivery
