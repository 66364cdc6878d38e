#include "http/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include "http/tls_error.hpp"

namespace aep::http {
namespace {

base::Result<void> trust(SSL_CTX& context, const std::string& ca_file) {
    ERR_clear_error();
    if (ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(&context) == 1) return {};
        return base::Error{fmt::format(
            "the system's CA store cannot be used: {}; install ca-certificates or set tls.ca_file",
            take_tls_error())};
    }
    if (SSL_CTX_load_verify_file(&context, ca_file.c_str()) == 1) return {};
    return base::Error{
        fmt::format("tls.ca_file {} cannot be used: {}; it must be readable and hold PEM certificates",
                    ca_file, take_tls_error())};
}

}  // namespace

base::Result<TlsContext> TlsContext::create(const TlsOptions& options) {
    SslContextPtr context{SSL_CTX_new(TLS_client_method())};
    const int oldest = options.min_version == TlsOptions::MinVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (!context || SSL_CTX_set_min_proto_version(context.get(), oldest) != 1) {
        return base::Error{fmt::format("TLS cannot be set up: {}", take_tls_error())};
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    // An end without close_notify is an end: whether an answer is complete is seen from its framing and JSON.
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    // One recv() takes what has come; without it OpenSSL makes two for each record.
    constexpr std::size_t kReadAhead = std::size_t{32} << 10U;
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_default_read_buffer_len(context.get(), kReadAhead);
    if (auto trusted = trust(*context, options.ca_file); !trusted) return trusted.error();
    return TlsContext{std::move(context)};
}

}  // namespace aep::http
