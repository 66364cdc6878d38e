#include "http/tls_error.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/result.hpp"
#include "http/error.hpp"

namespace aep::http {
namespace {

std::string advice(long verdict) {
    switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "the certificate is for another host; check the URL, or who answers there";
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "check this machine's clock, else the peer must renew it";
        default:
            return "set tls.ca_file to the CA that signed it";
    }
}

bool is_about_our_certificate(int reason) {
    switch (reason) {
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
            return true;
        default:
            return false;
    }
}

bool is_about_the_version(int reason) {
    return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION;
}

bool is_refusal(int reason) {
    return is_about_our_certificate(reason) || is_about_the_version(reason) ||
           reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE ||
           reason == SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY || reason == SSL_R_TLSV1_UNRECOGNIZED_NAME ||
           reason == SSL_R_WRONG_VERSION_NUMBER;
}

std::string refusal_advice(int reason) {
    if (is_about_our_certificate(reason))
        return "the peer wants another client certificate; check tls.cert_file and tls.key_file";
    if (is_about_the_version(reason))
        return "the peer speaks no version that tls.min_version allows; it should speak TLS 1.2 or later";
    if (reason == SSL_R_WRONG_VERSION_NUMBER) return "what answers on that port does not speak TLS; check it";
    return "no common ground, or a client certificate is wanted (tls.cert_file)";
}

}  // namespace

std::string take_tls_error() {
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (code == 0) return "unknown reason";
    if (ERR_SYSTEM_ERROR(code)) return base::system_message(ERR_GET_REASON(code));
    const char* words = ERR_reason_error_string(code);
    return words != nullptr ? std::string{words} : fmt::format("OpenSSL error {:#x}", code);
}

std::optional<base::Error> take_refusal() {
    const unsigned long code = ERR_peek_error();
    if (ERR_GET_LIB(code) != ERR_LIB_SSL || !is_refusal(ERR_GET_REASON(code))) return std::nullopt;
    const std::string what = refusal_advice(ERR_GET_REASON(code));
    return base::Error{fmt::format("TLS refused: {}; {}", take_tls_error(), what), Errc::TlsRefused};
}

base::Error handshake_error(SSL& ssl, int reason, int system_error, const std::string& host) {
    if (const long verdict = SSL_get_verify_result(&ssl); verdict != X509_V_OK) {
        ERR_clear_error();
        return {fmt::format("certificate verify failed: {} (host {}); {}",
                            X509_verify_cert_error_string(verdict), host, advice(verdict)),
                Errc::Certificate};
    }
    if (auto refusal = take_refusal())
        return {fmt::format("{} (host {})", refusal->message, host), Errc::TlsRefused};
    std::string words;
    if (reason == SSL_ERROR_SSL) {
        words = take_tls_error();
    } else if (system_error != 0) {
        words = base::system_message(system_error);
    } else {
        words = "the peer closed the connection";
    }
    return {fmt::format("TLS handshake with {} failed: {}", host, words), Errc::Handshake};
}

}  // namespace aep::http
