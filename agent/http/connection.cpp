#include "http/connection.hpp"

#include <fmt/format.h>

#include <utility>

#include "http/dial.hpp"
#include "http/error.hpp"
#include "http/tunnel.hpp"

namespace aep::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBuffer = std::size_t{16} << 10U;  // a TLS record's contents

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, const Peer& peer, TlsContext& context,
                       const TimeoutOptions& timeouts)
    : executor_{executor},
      peer_{peer},
      context_{context},
      timeouts_{timeouts},
      deadline_{executor},
      read_buffer_(kReadBuffer) {}

bool Connection::usable() {
    return stream_ && base::SteadyClock::now() - last_used_ < kLongestIdle && !stream_->has_news();
}

asio::awaitable<base::Result<Answer>> Connection::exchange(Request request) {
    sent_ = 0;
    for (;;) {
        const bool kept = usable();
        if (!kept) {
            const base::Result<void> connected = co_await connect();
            if (!connected) co_return explain(connected.error());
        }
        base::Result<Answer> answer = co_await try_once(request);
        last_used_ = base::SteadyClock::now();
        if (answer || may_have_arrived(answer.error())) ++sent_;
        if (answer) co_return answer;
        stream_.reset();
        const base::Error error = explain(answer.error());
        const bool just_idle = kept && !answer_begun_ && error.code == Errc::Closed;
        if (!just_idle) co_return error;
    }
}

asio::awaitable<base::Result<void>> Connection::connect() {
    stream_.reset();
    const Authority& first = peer_.proxy ? peer_.proxy->host : peer_.url;
    base::Result<asio::ip::tcp::socket> socket = co_await dial(first, timeouts_.connect, deadline_);
    if (!socket && peer_.proxy) {
        co_return base::Error{"the proxy: " + socket.error().message, socket.error().code};
    }
    if (!socket) co_return socket.error();
    if (peer_.proxy) {
        const base::Result<void> led =
            co_await open_tunnel(*socket, *peer_.proxy, peer_.url, timeouts_.connect, deadline_);
        if (!led) co_return led.error();
    }
    auto stream = std::make_unique<TlsStream>(std::move(*socket), context_);
    const Deadline::Step step = deadline_.begin(timeouts_.connect, [&stream] { stream->cut(); });
    const base::Result<void> shaken = co_await stream->handshake(peer_.url);
    if (deadline_.passed()) {
        co_return base::Error{fmt::format("timed out after {} while shaking hands (TLS) with {}",
                                          base::format_duration(timeouts_.connect), peer_.url.host_header()),
                              Errc::Handshake};
    }
    if (!shaken) {
        context_.forget_session();
        co_return shaken;
    }
    stream_ = std::move(stream);
    co_return shaken;
}

asio::awaitable<base::Result<Answer>> Connection::try_once(Request request) {
    AnswerReader reader;
    answer_begun_ = false;
    const Deadline::Step step = deadline_.begin(timeouts_.request, [this] { stream_->cut(); });
    const base::Result<void> sent = co_await send(request, reader);
    // Also where sending failed: a peer that refuses a request early may have said why before it closed.
    while (!reader.done()) {
        const base::Result<void> read = co_await read_into(reader);
        answer_begun_ = reader.begun();
        const bool says_why = !read && read.error().code == Errc::TlsRefused;
        if (!read && !sent && !reader.begun() && !says_why) co_return sent.error();
        if (!read) co_return read.error();
    }
    if (!sent || !request.head.empty() || !request.body.empty() || stream_->has_unsent() ||
        !reader.keeps_alive())
        stream_->cut();
    co_return reader.take();
}

/// Takes what was sent from `request`; stops where the answer comes before the end.
asio::awaitable<base::Result<void>> Connection::send(Request& request, AnswerReader& reader) {
    while (!request.head.empty() || !request.body.empty() || stream_->has_unsent()) {
        const base::Result<TlsStream::Written> written =
            co_await stream_->write_some(request.head, request.body);
        if (!written) co_return written.error();
        request.head.remove_prefix(written->head);
        request.body.remove_prefix(written->body);
        if (!written->interrupted) continue;
        const base::Result<void> read = co_await read_into(reader);
        if (!read) co_return read.error();
        if (reader.head_done()) break;
    }
    co_return base::Result<void>{};
}

asio::awaitable<base::Result<void>> Connection::read_into(AnswerReader& reader) {
    const base::Result<std::size_t> size = co_await stream_->read_some(read_buffer_);
    if (!size) co_return size.error();
    if (*size == 0) co_return reader.feed_end();
    co_return reader.feed({read_buffer_.data(), *size});
}

base::Error Connection::explain(base::Error error) const {
    if (deadline_.aborted()) return {"stopped", Errc::Stopped};
    if (!deadline_.passed() || !may_have_arrived(error)) return error;
    return {fmt::format("timed out after {} while waiting for the answer of {}",
                        base::format_duration(timeouts_.request), peer_.url.host_header()),
            Errc::Timeout};
}

}  // namespace aep::http
