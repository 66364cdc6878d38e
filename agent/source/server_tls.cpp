#include "source/server_tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <string_view>

#include "base/result.hpp"

namespace aep::source {
namespace {

/// A key with a password would otherwise ask for it on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*for_writing*/, void* /*unused*/) {
    return -1;
}

base::Error unusable(std::string_view key, const std::filesystem::path& file, std::string_view needs) {
    return base::Error{fmt::format("tls.{} {} cannot be used: {}; it must be readable and hold {}", key,
                                   file.string(), take_openssl_error(), needs)};
}

base::Result<void> load_identity(SSL_CTX& context, const ServerTlsOptions& options) {
    if (SSL_CTX_use_certificate_chain_file(&context, options.cert_file.c_str()) != 1) {
        return unusable("cert_file", options.cert_file, "a PEM certificate");
    }
    if (SSL_CTX_use_PrivateKey_file(&context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return unusable("key_file", options.key_file,
                        "the PEM key of tls.cert_file's first certificate, without a password");
    }
    return {};
}

base::Result<void> require_clients_of(SSL_CTX& context, const ServerTlsOptions& options) {
    if (options.client_ca_file.empty()) return {};
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(options.client_ca_file.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(&context, options.client_ca_file.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return unusable("client_ca_file", options.client_ca_file, "PEM certificates");
    }
    SSL_CTX_set_client_CA_list(&context, names);  // takes it over
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return {};
}

}  // namespace

std::string take_openssl_error() {
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(code)) return base::system_message(static_cast<int>(ERR_GET_REASON(code)));
    const char* words = ERR_reason_error_string(code);
    return words == nullptr ? "unknown reason" : words;
}

base::Result<SslContextPtr> make_server_tls(const ServerTlsOptions& options) {
    ERR_clear_error();
    SslContextPtr context{SSL_CTX_new(TLS_server_method())};
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
        return base::Error{fmt::format("TLS cannot be set up: {}", take_openssl_error())};
    }
    SSL_CTX_set_default_passwd_cb(context.get(), no_password);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 0);
    // A quiet connection keeps no buffers.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    if (auto loaded = load_identity(*context, options); !loaded) return loaded.error();
    if (auto required = require_clients_of(*context, options); !required) return required.error();
    return context;
}

}  // namespace aep::source
