#include "http/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <array>
#include <new>
#include <utility>

#include "http/file_stamp.hpp"
#include "http/tls_error.hpp"
#include "telemetry/log.hpp"

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

/// Instead of OpenSSL's, which would ask at the terminal.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return 0;
}

base::Result<void> identify(SSL_CTX& context, const TlsOptions& options) {
    if (options.cert_file.empty()) return {};
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(&context, options.cert_file.c_str()) != 1) {
        return base::Error{
            fmt::format("tls.cert_file {} cannot be used: {}; it must be readable and hold PEM certificates",
                        options.cert_file, take_tls_error())};
    }
    SSL_CTX_set_default_passwd_cb(&context, no_passphrase);
    // Also fails where the key is none of the certificate.
    if (SSL_CTX_use_PrivateKey_file(&context, options.key_file.c_str(), SSL_FILETYPE_PEM) == 1) return {};
    const std::string why = take_tls_error();
    return base::Error{
        fmt::format("tls.key_file {} cannot be used: {}; it must be readable and hold the key "
                    "(PEM, no passphrase) of tls.cert_file",
                    options.key_file, why)};
}

}  // namespace

struct TlsContext::State {
    using Stamps = std::array<FileStamp, 3>;

    explicit State(TlsOptions given) : options{std::move(given)} {}

    [[nodiscard]] Stamps stamps() const {
        return {stamp_of(options.ca_file), stamp_of(options.cert_file), stamp_of(options.key_file)};
    }
    base::Result<void> load();
    base::Result<SslContextPtr> make_context();
    /// Takes over what OpenSSL hands out, unless it comes from a context that was replaced.
    static int on_session(SSL* ssl, SSL_SESSION* made);

    const TlsOptions options;
    Stamps loaded = {};
    SslContextPtr context;
    SslSessionPtr session;
};

int TlsContext::State::on_session(SSL* ssl, SSL_SESSION* made) {
    SSL_CTX* const context = SSL_get_SSL_CTX(ssl);
    auto* const state = static_cast<State*>(SSL_CTX_get_app_data(context));
    if (state->context.get() != context) return 0;
    state->session.reset(made);
    return 1;
}

base::Result<SslContextPtr> TlsContext::State::make_context() {
    SslContextPtr made{SSL_CTX_new(TLS_client_method())};
    const int oldest = options.min_version == TlsOptions::MinVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (!made || SSL_CTX_set_min_proto_version(made.get(), oldest) != 1) {
        return base::Error{fmt::format("TLS cannot be set up: {}", take_tls_error())};
    }
    SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
    // An end without close_notify is an end: whether an answer is complete is seen from its framing and JSON.
    SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(made.get(), this);
    SSL_CTX_sess_set_new_cb(made.get(), &State::on_session);
    // One recv() takes what has come; without it OpenSSL makes two for each record.
    constexpr std::size_t kReadAhead = std::size_t{32} << 10U;
    SSL_CTX_set_read_ahead(made.get(), 1);
    SSL_CTX_set_default_read_buffer_len(made.get(), kReadAhead);
    if (auto trusted = trust(*made, options.ca_file); !trusted) return trusted.error();
    if (auto identified = identify(*made, options); !identified) return identified.error();
    return made;
}

base::Result<void> TlsContext::State::load() {
    const Stamps found = stamps();  // before reading: a change meanwhile is seen next time
    base::Result<SslContextPtr> made = make_context();
    if (!made) return made.error();
    context = std::move(*made);
    session.reset();
    loaded = found;
    return {};
}

TlsContext::TlsContext(std::unique_ptr<State> state) : state_{std::move(state)} {}
TlsContext::~TlsContext() = default;
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;

base::Result<TlsContext> TlsContext::create(const TlsOptions& options) {
    auto state = std::make_unique<State>(options);
    if (auto loaded = state->load(); !loaded) return loaded.error();
    return TlsContext{std::move(state)};
}

SslPtr TlsContext::make_ssl() {
    if (state_->stamps() != state_->loaded) {
        if (auto loaded = state_->load(); !loaded) {
            telemetry::log::warn("tls_files", "the old files stay in force",
                                 {{"error", loaded.error().message}});
        }
    }
    SslPtr ssl{SSL_new(state_->context.get())};
    if (!ssl) throw std::bad_alloc{};
    if (state_->session && SSL_SESSION_is_resumable(state_->session.get()) == 1) {
        SSL_set_session(ssl.get(), state_->session.get());
    }
    return ssl;
}

void TlsContext::forget_session() {
    state_->session.reset();
}

}  // namespace aep::http
