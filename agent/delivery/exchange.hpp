#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "base/result.hpp"
#include "delivery/compression.hpp"
#include "delivery/destination_metrics.hpp"
#include "delivery/job_queue.hpp"
#include "delivery/request_head.hpp"
#include "http/connection.hpp"
#include "http/token_keeper.hpp"

namespace aep::delivery {

/// Sends batches over one connection, one at a time: puts a head before them, packs them where that is
/// wanted, and counts. Confined to the destination's thread; all references outlive it.
class Exchange {
  public:
    Exchange(const boost::asio::any_io_executor& executor, const http::Peer& peer, http::TlsContext& tls,
             const http::TimeoutOptions& timeouts, const RequestHead& head, Compression& compression,
             DestinationMetrics& metrics);

    /// `token` may be null. Errors: those of http::Connection::exchange().
    [[nodiscard]] boost::asio::awaitable<base::Result<http::Answer>> send(Job& job, http::TokenPtr token);
    /// Ends what is under way, and all that follows, with Stopped.
    void abort() { connection_.abort(); }

  private:
    [[nodiscard]] boost::asio::awaitable<base::Result<http::Answer>> attempt(Job& job,
                                                                             const http::TokenPtr& token,
                                                                             std::string_view body,
                                                                             Coding coding);
    void count(Job& job, std::size_t bytes, base::SteadyTime began);

    const RequestHead& head_;
    Compression& compression_;
    DestinationMetrics& metrics_;
    http::Connection connection_;
};

}  // namespace aep::delivery
