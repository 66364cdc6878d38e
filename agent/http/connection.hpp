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
#include "http/tls_context.hpp"
#include "http/tls_stream.hpp"
#include "http/url.hpp"

namespace aep::http {

/// One HTTPS connection to one peer (HTTP/1.1), made when it is needed and kept for the next request. One
/// exchange at a time. Confined to its executor, which runs on one thread. `peer` and `context` outlive it.
class Connection {
  public:
    Connection(const boost::asio::any_io_executor& executor, const Url& peer, const TlsContext& context,
               const TimeoutOptions& timeouts);

    /// Sends `request` (head and body, in place until the answer is here) and reads the answer. Where a kept
    /// connection turns out to be closed, with no byte of an answer, the request goes out again at once on a
    /// fresh one: that is how an idle connection ends, not a failure. Errors: all of Errc; the connection is
    /// closed then and made anew by the next exchange.
    [[nodiscard]] boost::asio::awaitable<base::Result<Answer>> exchange(std::string_view request);

    /// Ends the exchange that is under way, and every later one, with Stopped.
    void abort() { deadline_.abort(); }

  private:
    /// A kept connection that has been idle longer is not trusted: routers forget it without a word.
    static constexpr std::chrono::seconds kLongestIdle{55};

    [[nodiscard]] bool usable();
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> connect();
    [[nodiscard]] boost::asio::awaitable<base::Result<Answer>> try_once(std::string_view request);
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> send(std::string_view& request,
                                                                  AnswerReader& reader);
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> read_into(AnswerReader& reader);
    [[nodiscard]] base::Error explain(base::Error error) const;

    const boost::asio::any_io_executor executor_;
    const Url& peer_;
    const TlsContext& context_;
    const TimeoutOptions timeouts_;
    Deadline deadline_;
    std::unique_ptr<TlsStream> stream_;  ///< null while not connected
    std::vector<char> read_buffer_;
    base::SteadyTime last_used_;
    bool answer_begun_ = false;
};

}  // namespace aep::http
