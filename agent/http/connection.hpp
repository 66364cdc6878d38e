#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/answer.hpp"
#include "http/answer_reader.hpp"
#include "http/deadline.hpp"
#include "http/options.hpp"
#include "http/proxy.hpp"
#include "http/tls_context.hpp"
#include "http/tls_stream.hpp"
#include "http/url.hpp"

namespace aep::http {

/// Where a connection leads, and by which way.
struct Peer {
    Url url;
    std::optional<Proxy> proxy;  ///< nothing: directly
};

/// Bytes that stay in place until the answer is here.
struct Request {
    std::string_view head;
    std::string_view body;
};

/// One HTTPS connection to one peer (HTTP/1.1), made when it is needed and kept for the next request. One
/// exchange at a time. Confined to its executor, which runs on one thread. `peer` and `context` outlive it.
class Connection {
  public:
    Connection(const boost::asio::any_io_executor& executor, const Peer& peer, TlsContext& context,
               const TimeoutOptions& timeouts);

    /// Sends `request` and reads the answer. Where a kept connection turns out to be closed, with no byte of
    /// an answer, the request goes out again at once on a fresh one: that is how an idle connection ends, not
    /// a failure. Errors: all of Errc; the connection is closed then and made anew by the next exchange.
    [[nodiscard]] boost::asio::awaitable<base::Result<Answer>> exchange(Request request);

    /// How often the last exchange sent its request, so far as the peer may have got it: 0, 1 or 2.
    [[nodiscard]] unsigned sent() const { return sent_; }

    /// Ends the exchange that is under way, and every later one, with Stopped.
    void abort() { deadline_.abort(); }

  private:
    /// A kept connection that has been idle longer is not trusted: routers forget it without a word.
    static constexpr std::chrono::seconds kLongestIdle{55};

    [[nodiscard]] bool usable();
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> connect();
    [[nodiscard]] boost::asio::awaitable<base::Result<Answer>> try_once(Request request);
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> send(Request& request, AnswerReader& reader);
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> read_into(AnswerReader& reader);
    [[nodiscard]] base::Error explain(base::Error error) const;

    const boost::asio::any_io_executor executor_;
    const Peer& peer_;
    TlsContext& context_;
    const TimeoutOptions timeouts_;
    Deadline deadline_;
    std::unique_ptr<TlsStream> stream_;  ///< null while not connected
    std::vector<char> read_buffer_;
    base::SteadyTime last_used_;
    bool answer_begun_ = false;
    unsigned sent_ = 0;
};

}  // namespace aep::http
