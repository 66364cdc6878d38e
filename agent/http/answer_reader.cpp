#include "http/answer_reader.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <utility>

#include "http/error.hpp"
#include "http/inflate.hpp"
#include "http/options.hpp"

namespace aep::http {
namespace {

namespace beast_http = boost::beast::http;
using Parser = beast_http::response_parser<beast_http::string_body>;

/// A peer that sends more interim answers than this does not mean well.
constexpr unsigned kMostInterim = 16;

base::Error bad_answer(const boost::system::error_code& error) {
    if (error == beast_http::error::body_limit)
        return {"the answer's body is larger than 4 MiB", Errc::BadAnswer};
    if (error == beast_http::error::header_limit)
        return {"the answer's head is larger than 64 KiB", Errc::BadAnswer};
    return {fmt::format("the answer is not HTTP/1.x: {}", error.message()), Errc::BadAnswer};
}

/// Some servers and proxies code their answers though nobody asked for it.
void decode(boost::beast::string_view coding, Answer& answer) {
    using boost::beast::iequals;
    if (coding.empty() || iequals(coding, "identity") || answer.body.empty()) return;
    answer.encoded = true;
    if (!iequals(coding, "gzip") && !iequals(coding, "x-gzip") && !iequals(coding, "deflate")) return;
    auto plain = inflate(answer.body, kMaxAnswerBody);
    if (!plain) return;
    answer.body = std::move(*plain);
    answer.encoded = false;
}

}  // namespace

struct AnswerReader::Impl {
    std::optional<Parser> parser;
    std::string kept;  ///< came, but not parsed yet: part of a head or of a chunk's head
    std::size_t parsed = 0;
    std::size_t head = 0;  ///< bytes of the head that were parsed, while it is not complete
    unsigned interim = 0;
    bool begun = false;
    Body body = Body::AsSaid;

    void restart() {
        head = 0;
        parser.emplace();
        parser->eager(true);
        parser->skip(body == Body::None);
        parser->header_limit(static_cast<std::uint32_t>(kMaxAnswerHead));
        parser->body_limit(kMaxAnswerBody);
    }

    [[nodiscard]] bool at_interim() const {
        return parser->is_done() && parser->get().result_int() / 100 == 1;
    }

    base::Result<void> parse();
};

AnswerReader::AnswerReader(Body body) : impl_{std::make_unique<Impl>()} {
    impl_->body = body;
    impl_->restart();
}
AnswerReader::~AnswerReader() = default;

base::Result<void> AnswerReader::Impl::parse() {
    while (parsed < kept.size() && !parser->is_done()) {
        boost::system::error_code error;
        const std::size_t used =
            parser->put(boost::asio::const_buffer{kept.data() + parsed, kept.size() - parsed}, error);
        parsed += used;
        // The parser's own limit is that of one piece of the head.
        if (!parser->is_header_done()) head += used;
        if (!parser->is_header_done() && head + kept.size() - parsed > kMaxAnswerHead)
            return bad_answer(beast_http::error::header_limit);
        if (error == beast_http::error::need_more) break;
        if (error) return bad_answer(error);
        if (!at_interim()) continue;
        if (++interim > kMostInterim)
            return base::Error{"the peer sends interim answers without end", Errc::BadAnswer};
        restart();
    }
    kept.erase(0, std::exchange(parsed, 0));
    return {};
}

base::Result<void> AnswerReader::feed(std::string_view bytes) {
    impl_->begun = impl_->begun || !bytes.empty();
    impl_->kept.append(bytes);
    return impl_->parse();
}

base::Result<void> AnswerReader::feed_end() {
    if (done()) return {};
    if (head_done() && impl_->parser->need_eof()) {
        boost::system::error_code error;
        impl_->parser->put_eof(error);
        if (!error) return {};
    }
    return base::Error{begun() ? "the connection was closed in the middle of the answer"
                               : "the connection was closed without an answer",
                       Errc::Closed};
}

bool AnswerReader::begun() const {
    return impl_->begun;
}

bool AnswerReader::head_done() const {
    return impl_->parser->is_header_done();
}

bool AnswerReader::done() const {
    return impl_->parser->is_done();
}

bool AnswerReader::keeps_alive() const {
    return impl_->parser->keep_alive() && impl_->kept.empty();
}

Answer AnswerReader::take() {
    auto message = impl_->parser->release();
    Answer answer;
    answer.status = static_cast<int>(message.result_int());
    answer.body = std::move(message.body());
    if (const auto found = message.find(beast_http::field::retry_after); found != message.end()) {
        answer.retry_after = std::string{found->value()};
    }
    if (const auto found = message.find(beast_http::field::location); found != message.end()) {
        answer.location = std::string{found->value()};
    }
    decode(message[beast_http::field::content_encoding], answer);
    return answer;
}

}  // namespace aep::http
