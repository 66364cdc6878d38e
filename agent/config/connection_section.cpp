#include "config/checks.hpp"
#include "config/sections.hpp"

/// What destinations and token endpoints have in common: how a connection is made.
namespace aep::config {
namespace {

using MinVersion = http::TlsOptions::MinVersion;

const Words<MinVersion> kVersions{{{"1.2", MinVersion::Tls12}, {"1.3", MinVersion::Tls13}}};

void read_client_certificate(MapReader& tls, http::TlsOptions& options) {
    std::filesystem::path cert_file;
    std::filesystem::path key_file;
    tls.path("cert_file", cert_file);
    tls.path("key_file", key_file);
    if (tls.has("cert_file") != tls.has("key_file")) {
        tls.fail(tls.has("cert_file") ? "cert_file" : "key_file", "a client certificate is a pair of files",
                 "give both cert_file and key_file");
    }
    options.cert_file = cert_file.string();
    options.key_file = key_file.string();
}

}  // namespace

void read_tls(MapReader tls, http::TlsOptions& options) {
    std::filesystem::path ca_file;
    tls.path("ca_file", ca_file);
    options.ca_file = ca_file.string();
    tls.choice("min_version", options.min_version, kVersions);
    read_client_certificate(tls, options);
    tls.finish();
}

/// Its credentials stay out of the effective configuration and of messages.
void read_proxy(MapReader& section, std::string& proxy) {
    constexpr std::string_view kProxy = "proxy";
    const Value* value = section.scalar(kProxy);
    if (value == nullptr) return;
    if (const auto fault = check_proxy_url(value->text)) {
        section.fail(*value, fault->text, fault->suggestion);
        return;
    }
    proxy = value->text;
    section.shown().add(kProxy, without_user(proxy), value);
}

}  // namespace aep::config
