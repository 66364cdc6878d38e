#include "inlet/request_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace aep::inlet {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t kMaxHead = 64U << 10U;
constexpr std::size_t kInput = 2 * kMaxHead;  // a whole head, and a whole TLS record behind it
constexpr std::size_t kBodyPadding = 64;      // simdjson reads so far beyond the end
constexpr std::size_t kTolerated = 16;        // times max_request, read but not kept

/// A body that goes into a buffer which outlives the request, and is only counted beyond its limit.
struct BoundedBody {
    struct value_type {
        std::string* kept = nullptr;
        std::size_t limit = 0;
        bool too_large = false;
    };

    class reader {
      public:
        template <bool is_request, class Fields>
        reader(http::header<is_request, Fields>& /*head*/, value_type& body) : body_{body} {}

        void init(const boost::optional<std::uint64_t>& length, beast::error_code& error) {
            error = {};
            body_.kept->clear();
            if (length && *length <= body_.limit) {
                body_.kept->reserve(static_cast<std::size_t>(*length) + kBodyPadding);
            }
        }

        template <class Buffers>
        std::size_t put(const Buffers& buffers, beast::error_code& error) {
            error = {};
            std::size_t total = 0;
            for (const asio::const_buffer part : beast::buffers_range_ref(buffers)) {
                keep(std::string_view{static_cast<const char*>(part.data()), part.size()});
                total += part.size();
            }
            return total;
        }

        void finish(beast::error_code& error) { error = {}; }

      private:
        void keep(std::string_view part) {
            body_.too_large = body_.too_large || part.size() > body_.limit - body_.kept->size();
            if (body_.too_large) {
                body_.kept->clear();
            } else {
                body_.kept->append(part);
            }
        }

        value_type& body_;
    };
};

using Parser = http::request_parser<BoundedBody>;
using Result = RequestReader::Result;

Result failure(const beast::error_code& error) {
    if (error == http::error::header_limit) return Result::LongHead;
    if (error == http::error::body_limit) return Result::LongBody;
    return Result::BadHead;
}

std::string field(const Parser& parser, std::string_view name) {
    const auto value = parser.get()[beast::string_view{name.data(), name.size()}];
    return std::string{value.data(), value.size()};
}

/// RFC 9112 3.2: one Host, or the request is bad.
bool names_host(const Parser& parser) {
    return parser.get().version() < 11 || parser.get().count(http::field::host) == 1;
}

}  // namespace

struct RequestReader::Impl {
    Impl(TlsStream& connection, std::size_t limit) : stream{connection}, max_request{limit}, input(kInput) {}

    void begin() {
        parser.emplace();
        parser->header_limit(kMaxHead);
        parser->body_limit(kTolerated * static_cast<std::uint64_t>(max_request));
        parser->eager(true);
        parser->get().body() = {&body, max_request, false};
        expectation_met = false;
    }

    /// Parses what has come; true: more is needed.
    bool parse(beast::error_code& error) {
        if (first == last) return true;
        const std::size_t used = parser->put(asio::buffer(input.data() + first, last - first), error);
        first += used;
        if (error != http::error::need_more) return false;
        error = {};
        return true;
    }

    /// Room for more behind what has not been parsed.
    std::span<char> room() {
        std::memmove(input.data(), input.data() + first, last - first);
        last -= std::exchange(first, 0);
        return std::span{input}.subspan(last);
    }

    void finish() {
        const auto& head = parser->get();
        request.method = head.method();
        request.target.assign(head.target().data(), head.target().size());
        request.content_type = field(*parser, "Content-Type");
        request.content_encoding = field(*parser, "Content-Encoding");
        request.flow_id = field(*parser, "x-adobe-flow-id");
        request.authorization = field(*parser, "Authorization");
        request.too_large = head.body().too_large;
        body.reserve(body.size() + kBodyPadding);
        request.body = body;
    }

    TlsStream& stream;
    const std::size_t max_request;
    std::vector<char> input;
    std::size_t first = 0;  ///< input[first, last) has come and is not parsed
    std::size_t last = 0;
    std::optional<Parser> parser;
    bool expectation_met = false;
    std::string body;
    Request request;
};

RequestReader::RequestReader(TlsStream& stream, std::size_t max_request)
    : impl_{std::make_unique<Impl>(stream, max_request)} {}

RequestReader::~RequestReader() = default;

asio::awaitable<RequestReader::Result> RequestReader::answer_expectation() {
    if (std::exchange(impl_->expectation_met, true)) co_return Result::Complete;
    const Parser& parser = *impl_->parser;
    const bool asked =
        parser.get().version() >= 11 && http::token_list{parser.get()["Expect"]}.exists("100-continue");
    if (!asked) co_return Result::Complete;
    const auto length = parser.content_length();
    if (length && *length > impl_->max_request) co_return Result::LongBody;
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const bool written = co_await impl_->stream.write_all(go_on);
    co_return written ? Result::Complete : Result::Closed;
}

asio::awaitable<RequestReader::Result> RequestReader::read(OnHead on_head) {
    impl_->begin();
    bool begun = false;
    for (;;) {
        beast::error_code error;
        const bool more = impl_->parse(error);
        if (error) co_return failure(error);
        if (!begun && impl_->parser->is_header_done()) {
            begun = true;
            const auto target = impl_->parser->get().target();
            if (!on_head({target.data(), target.size()})) co_return Result::Closed;
        }
        if (impl_->parser->is_done()) break;
        if (impl_->parser->is_header_done()) {
            const Result expected = co_await answer_expectation();
            if (expected != Result::Complete) co_return expected;
        }
        if (!more) continue;
        const std::span<char> room = impl_->room();
        if (room.empty()) co_return Result::LongHead;
        const std::size_t size = co_await impl_->stream.read_some(room);
        if (size == 0) co_return Result::Closed;
        impl_->last += size;
    }
    if (!names_host(*impl_->parser)) co_return Result::BadHead;
    impl_->finish();
    co_return Result::Complete;
}

const Request& RequestReader::request() const {
    return impl_->request;
}

bool RequestReader::keep_alive() const {
    return impl_->parser->is_done() && impl_->parser->keep_alive();
}

}  // namespace aep::inlet
