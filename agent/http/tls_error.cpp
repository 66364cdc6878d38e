#include "http/tls_error.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <boost/system/system_category.hpp>

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

}  // namespace

std::string take_tls_error() {
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (code == 0) return "unknown reason";
    if (ERR_SYSTEM_ERROR(code)) return boost::system::system_category().message(ERR_GET_REASON(code));
    const char* words = ERR_reason_error_string(code);
    return words != nullptr ? std::string{words} : fmt::format("OpenSSL error {:#x}", code);
}

base::Error handshake_error(SSL& ssl, int reason, int system_error, const std::string& host) {
    if (const long verdict = SSL_get_verify_result(&ssl); verdict != X509_V_OK) {
        ERR_clear_error();
        return {fmt::format("certificate verify failed: {} (host {}); {}",
                            X509_verify_cert_error_string(verdict), host, advice(verdict)),
                Errc::Certificate};
    }
    std::string words;
    if (reason == SSL_ERROR_SSL) {
        words = take_tls_error();
    } else if (system_error != 0) {
        words = boost::system::system_category().message(system_error);
    } else {
        words = "the peer closed the connection";
    }
    return {fmt::format("TLS handshake with {} failed: {}", host, words), Errc::Handshake};
}

}  // namespace aep::http
