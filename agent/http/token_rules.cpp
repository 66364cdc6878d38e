#include "http/token_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/utf8.hpp"
#include "http/redact.hpp"
#include "http/retry_after.hpp"

namespace aep::http {
namespace {

namespace dom = simdjson::dom;
using Kind = TokenFailure::Kind;
using namespace std::chrono_literals;

constexpr std::size_t kMostWords = 512;
constexpr std::size_t kMostToken = std::size_t{16} << 10U;
constexpr base::Millis kAssumedLifetime = 1h;
constexpr base::Millis kLongestLifetime = 24h * 30;
/// `/ims/token/v3` speaks of seconds, older endpoints of milliseconds; no token lives for eleven days.
constexpr double kMostSeconds = 1'000'000;

std::string percent_encode(std::string_view text) {
    std::string coded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            coded += c;
        } else {
            coded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return coded;
}

/// A number or a numeric string: both occur.
std::optional<double> read_number(const dom::element& value) {
    double number = 0;
    if (value.get(number) == simdjson::SUCCESS) return number;
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

base::Millis lifetime_of(const dom::element& document) {
    dom::element value;
    if (document["expires_in"].get(value) != simdjson::SUCCESS) return kAssumedLifetime;
    const std::optional<double> number = read_number(value);
    if (!number || !(*number > 0)) return kAssumedLifetime;
    const double millis = *number > kMostSeconds ? *number : *number * 1000;
    const auto most = static_cast<double>(kLongestLifetime.count());
    return base::Millis{static_cast<base::Millis::rep>(std::clamp(millis, 1.0, most))};
}

/// What may stand in a header (RFC 6750 2.1 is stricter).
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= kMostToken &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

bool is_passing(int status, std::string_view error) {
    constexpr std::array<std::string_view, 2> kPassing{"temporarily_unavailable", "server_error"};
    return status >= 500 || status == 408 || status == 425 || status == 429 ||
           std::ranges::find(kPassing, error) != kPassing.end();
}

/// The endpoint's words, without the secret in either of its forms, and only then cut.
std::string member(const dom::element& document, const char* key, std::string_view secret) {
    std::string_view text;
    if (document[key].get(text) != simdjson::SUCCESS) return {};
    std::string words{text};
    redact(words, secret);
    redact(words, percent_encode(secret));
    words.resize(std::min(words.size(), kMostWords));
    return base::to_utf8(words);
}

/// RFC 6749 5.2.
TokenFailure read_failure(const Answer& answer, const dom::element* document, std::string_view secret,
                          base::WallTime now) {
    TokenFailure failure;
    std::string error;
    failure.words = fmt::format("status {}", answer.status);
    if (document != nullptr) {
        error = member(*document, "error", secret);
        const std::string description = member(*document, "error_description", secret);
        if (!error.empty()) failure.words += " " + error;
        if (!description.empty()) failure.words += ": " + description;
    }
    failure.kind = is_passing(answer.status, error) ? Kind::Passing : Kind::Configuration;
    if (answer.retry_after) failure.asked = parse_retry_after(*answer.retry_after, now);
    return failure;
}

}  // namespace

std::string token_form(std::string_view client_id, std::string_view secret,
                       const std::vector<std::string>& scopes) {
    return fmt::format("grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
                       percent_encode(client_id), percent_encode(secret),
                       percent_encode(fmt::format("{}", fmt::join(scopes, ","))));
}

std::variant<IssuedToken, TokenFailure> read_token_answer(const Answer& answer, std::string_view secret,
                                                          base::WallTime now) {
    dom::parser parser;
    dom::element document;
    const bool is_object = !answer.encoded && parser.parse(answer.body).get(document) == simdjson::SUCCESS &&
                           document.is_object();
    if (answer.status / 100 != 2) return read_failure(answer, is_object ? &document : nullptr, secret, now);
    std::string_view token;
    if (!is_object || document["access_token"].get(token) != simdjson::SUCCESS) {
        return TokenFailure{
            Kind::Configuration,
            fmt::format("status {} without an access_token: this is no token endpoint", answer.status)};
    }
    if (!is_token(token))
        return TokenFailure{Kind::Configuration, "its access_token cannot be sent in a header"};
    return IssuedToken{std::string{token}, lifetime_of(document)};
}

base::Millis refresh_after(base::Millis lifetime, double random) {
    const base::Millis due = std::max<base::Millis>(lifetime * 8 / 10, lifetime - 5min);
    const base::Millis spread = std::min<base::Millis>(lifetime / 10, 1min);
    return due - base::Millis{static_cast<base::Millis::rep>(random * static_cast<double>(spread.count()))};
}

}  // namespace aep::http
