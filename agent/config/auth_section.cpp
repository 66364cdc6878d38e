#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kMostScopes = 64;

enum class Type { OauthServerToServer };

std::optional<Fault> check_printable(std::string_view text) {
    for (const char c : text) {
        if (c <= ' ' || c >= 0x7F) return Fault{"holds blanks or control characters", "check it"};
    }
    return text.size() <= 256 ? std::nullopt : std::optional{Fault{"is longer than 256 bytes", "check it"}};
}

/// A scope of RFC 6749 3.3, less the comma, which stands between scopes here.
std::optional<Fault> check_scope(std::string_view text) {
    if (text.find_first_of(",\"\\") != std::string_view::npos || check_printable(text)) {
        return Fault{"is not a scope", "write one of those that the Developer Console shows: openid"};
    }
    return std::nullopt;
}

/// Kept with its origin, so that a file can be read again; never shown.
void read_secret(MapReader& auth, http::SecretOptions& secret) {
    constexpr std::string_view kSecret = "client_secret";
    const Value* value = auth.scalar(kSecret);
    if (value == nullptr) return;
    if (value->text.empty()) {
        auth.fail(*value, "is empty", "give it a value, best as ${file:PATH} or ${NAME}");
        return;
    }
    if (value->whole_file.empty()) {
        secret.text = value->text;
    } else {
        secret.file = value->whole_file.string();
    }
    auth.shown().add(kSecret, kHidden, value);
}

/// A section that is absent, so that its keys are known and its defaults not shown.
MapReader absent(const std::string& path, Effective& hidden, Context& context) {
    return {nullptr, path, {}, hidden, context};
}

/// What is absent here is as the inlet has it.
void read_endpoint(MapReader& auth, http::TokenOptions& options) {
    Effective hidden;
    http::TlsOptions tls;
    const bool has_tls = auth.has("tls");
    read_tls(has_tls ? auth.section("tls") : absent(auth.where() + ".tls", hidden, auth.context()), tls);
    std::string proxy;
    read_proxy(auth, proxy);
    auth.ignore({"tls"});
    if (has_tls) options.tls = tls;
    if (!proxy.empty()) options.proxy = proxy;
}

http::TokenOptions read_keys(MapReader auth) {
    http::TokenOptions options;
    Type type = Type::OauthServerToServer;
    auth.choice("type", type, Words<Type>{{{"oauth_server_to_server", Type::OauthServerToServer}}});
    auth.text("token_url", options.token_url, check_token_url);
    auth.text("client_id", options.client_id, check_printable);
    read_secret(auth, options.client_secret);
    std::vector<std::string> scopes;
    auth.texts("scopes", scopes, check_scope);
    if (scopes.size() > kMostScopes) auth.fail("scopes", "are more than 64", "name fewer");
    if (!scopes.empty()) options.scopes = std::move(scopes);
    read_endpoint(auth, options);
    auth.finish();
    return options;
}

}  // namespace

std::optional<http::TokenOptions> read_auth(MapReader auth, const std::string& platform) {
    if (!auth.present()) {
        Effective hidden;
        (void)read_keys(absent(auth.where(), hidden, auth.context()));
        return std::nullopt;
    }
    auth.require("type", "type: oauth_server_to_server");
    auth.require("client_id", "client_id: ...");
    auth.require("client_secret", "client_secret: ${file:PATH}");
    http::TokenOptions options = read_keys(std::move(auth));
    options.platform = platform;
    return options;
}

}  // namespace aep::config
