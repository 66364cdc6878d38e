#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "inlet/service.hpp"
#include "inlet/tls_stream.hpp"

namespace aep::inlet {

/// Reads one HTTP/1.1 request after the other from a connection (RFC 9112). Bounds: 64 KiB of head; a body is
/// kept up to `max_request` and read to its end up to 16 times that, so that a client that sends too much can
/// still read the 413. Confined to the inlet's thread.
class RequestReader {
  public:
    RequestReader(TlsStream& stream, std::size_t max_request);
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    enum class Result {
        Complete,
        Closed,    ///< the client is gone, or was silent for too long
        BadHead,   ///< not HTTP: 400
        LongHead,  ///< more than 64 KiB of head: 431
        LongBody,  ///< more than is read to its end, or not even asked for (Expect: 100-continue): 413
    };
    /// Given the target as soon as the head is here; false: the rest is not read, as if the client had gone.
    using OnHead = std::function<bool(std::string_view target)>;
    /// Fills request(); its body stays valid until the next call.
    [[nodiscard]] boost::asio::awaitable<Result> read(OnHead on_head);

    [[nodiscard]] const Request& request() const;
    [[nodiscard]] bool keep_alive() const;

  private:
    struct Impl;
    [[nodiscard]] boost::asio::awaitable<Result> answer_expectation();
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::inlet
