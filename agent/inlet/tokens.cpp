#include "inlet/tokens.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/beast/core/string.hpp>
#include <utility>

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "inlet/target.hpp"

namespace aep::inlet {
namespace {

using simdjson::dom::element;

constexpr std::size_t kMostTokens = 100'000;
constexpr std::int64_t kLongestMs = 86'400'000;

/// RFC 6749 5.2.
Response oauth_error(int status, std::string_view error, std::string_view description) {
    Response response;
    response.status = status;
    response.body = R"({"error":)";
    base::append_json_string(response.body, error);
    response.body += R"(,"error_description":)";
    base::append_json_string(response.body, description);
    response.body += '}';
    return response;
}

/// As AEP words it for authenticated inlets; the status is a string there.
Response unauthorized(int status, std::string_view inlet_id, std::string_view why) {
    Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = fmt::format(
        R"({{"type":"https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization",)"
        R"("status":"{}","title":"Authorization","report":{{"message":"[{}] {}"}}}})",
        status, inlet_id, why);
    return response;
}

Response faulty_answer(const TokenFault& fault) {
    Response response = oauth_error(*fault.status, fault.error.empty() ? "fault" : fault.error,
                                    "the local inlet was told to answer so");
    if (fault.retry_after) response.headers = fmt::format("Retry-After: {}\r\n", fault.retry_after->count());
    return response;
}

base::Error wrong(std::string_view key, std::string_view expected) {
    return base::Error{fmt::format("token fault: `{}` must be {}", key, expected)};
}

base::Result<> read_member(std::string_view key, const element& value, TokenFault& fault) {
    std::int64_t number = 0;
    const bool is_number = value.get(number) == simdjson::SUCCESS;
    if (key == "status") {
        if (!is_number || number < 200 || number > 599) return wrong(key, "a number from 200 to 599");
        fault.status = static_cast<int>(number);
    } else if (key == "error") {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS) return wrong(key, "a string such as \"invalid_client\"");
        fault.error = text;
    } else if (key == "retry_after") {
        if (!is_number || number < 0 || number > kLongestMs / 1000) return wrong(key, "a number of seconds");
        fault.retry_after = std::chrono::seconds{number};
    } else if (key == "delay_ms") {
        if (!is_number || number < 0 || number > kLongestMs) return wrong(key, "a number of milliseconds");
        fault.delay = std::chrono::milliseconds{number};
    } else if (key == "drop") {
        if (value.get(fault.drop) != simdjson::SUCCESS) return wrong(key, "true or false");
    } else {
        return base::Error{fmt::format(
            "token fault: unknown key `{}`; there are status, error, retry_after, delay_ms, drop", key)};
    }
    return {};
}

}  // namespace

Tokens::Outcome Tokens::issue(std::string_view body, base::SteadyTime now) {
    ++asked_;
    Outcome outcome;
    outcome.delay = fault_.delay;
    outcome.drop = fault_.drop;
    if (fault_.drop) return outcome;
    const Target form = parse_target(fmt::format("?{}", body));
    if (fault_.status) {
        outcome.response = faulty_answer(fault_);
    } else if (form.query("grant_type") != "client_credentials") {
        outcome.response = oauth_error(400, "unsupported_grant_type", "send grant_type=client_credentials");
    } else if (form.query("client_id") != options_.client_id ||
               form.query("client_secret") != options_.client_secret) {
        outcome.response = oauth_error(401, "invalid_client", "invalid client_id or client_secret parameter");
    } else if (form.query("scope").value_or("").empty()) {
        outcome.response = oauth_error(400, "invalid_scope", "the scope is missing");
    } else {
        outcome.response = grant(now);
    }
    return outcome;
}

Response Tokens::grant(base::SteadyTime now) {
    ++issued_;
    std::erase_if(expiries_, [now](const auto& entry) { return entry.second <= now; });
    if (expiries_.size() >= kMostTokens) return oauth_error(429, "slow_down", "too many tokens are valid");
    const std::string token = "local." + base::random_hex128() + base::random_hex128();
    expiries_[token] = now + options_.token_lifetime;
    const auto millis = options_.token_lifetime.count();
    Response response;
    response.body =
        fmt::format(R"({{"access_token":"{}","token_type":"bearer","expires_in":{}}})", token,
                    options_.token_lifetime_in_ms ? fmt::format("{}", millis)
                                                  : fmt::format("{:g}", static_cast<double>(millis) / 1000));
    return response;
}

std::optional<Response> Tokens::refusal(std::string_view authorization, std::string_view inlet_id,
                                        base::SteadyTime now) {
    if (!options_.require_token) return std::nullopt;
    if (authorization.empty()) return unauthorized(401, inlet_id, "Ims service token is empty");
    constexpr std::string_view kBearer = "Bearer ";
    const bool bearer = boost::beast::iequals(
        boost::beast::string_view{authorization.data(), std::min(authorization.size(), kBearer.size())},
        boost::beast::string_view{kBearer.data(), kBearer.size()});
    if (bearer) authorization.remove_prefix(kBearer.size());
    const auto known = expiries_.find(authorization);
    if (known != expiries_.end() && now < known->second) return std::nullopt;
    return unauthorized(options_.token_refusal, inlet_id, "Ims service token is invalid or expired");
}

base::Result<TokenFault> parse_token_fault(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::object members;
    if (parser.parse(json.data(), json.size(), true).get(members) != simdjson::SUCCESS) {
        return base::Error{R"(token fault: not a JSON object; send one such as {"status":500})"};
    }
    TokenFault fault;
    for (const auto& [key, value] : members) {
        const auto read = read_member(key, value, fault);
        if (!read) return read.error();
    }
    return fault;
}

}  // namespace aep::inlet
