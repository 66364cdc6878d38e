#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "http/answer.hpp"

namespace aep::http {

/// Puts one HTTP/1.x answer together from the bytes of a connection: interim answers (1xx) are passed over;
/// length, chunks or the connection's end mark where it ends. Bounds: kMaxAnswerHead, kMaxAnswerBody.
/// Confined.
class AnswerReader {
  public:
    /// Whether an answer has a body where its head says so; one to CONNECT has none (RFC 9110 9.3.6).
    enum class Body { AsSaid, None };

    explicit AnswerReader(Body body = Body::AsSaid);
    ~AnswerReader();
    AnswerReader(const AnswerReader&) = delete;
    AnswerReader& operator=(const AnswerReader&) = delete;

    /// The next bytes, any number of them. Errors: BadAnswer.
    [[nodiscard]] base::Result<void> feed(std::string_view bytes);
    /// The connection has ended. Errors: Closed, where the answer is not complete.
    [[nodiscard]] base::Result<void> feed_end();

    [[nodiscard]] bool begun() const;  ///< a byte has come
    /// The final status is known: the peer does not need the rest of the request to answer it.
    [[nodiscard]] bool head_done() const;
    [[nodiscard]] bool done() const;
    /// When done: whether the connection can take another request.
    [[nodiscard]] bool keeps_alive() const;
    /// When done, once.
    [[nodiscard]] Answer take();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::http
