#include "harness/identity_file.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace aep::e2e {
namespace {

void must(bool good) {
    if (!good) throw std::runtime_error{"cannot make a certificate"};
}

void add_names(X509* certificate) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"),
        X509_EXTENSION_free};
    must(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

void write_identity(const std::filesystem::path& file, std::chrono::seconds until) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), X509_free};
    X509* const certificate = made.get();
    must(key != nullptr && certificate != nullptr);
    constexpr long kDay = 86400;
    must(X509_set_version(certificate, 2) == 1);
    must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
    must(X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay) != nullptr);
    must(X509_gmtime_adj(X509_getm_notAfter(certificate), until.count()) != nullptr);
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>("test inlet");
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1);
    must(X509_set_issuer_name(certificate, name) == 1);
    must(X509_set_pubkey(certificate, key.get()) == 1);
    add_names(certificate);
    must(X509_sign(certificate, key.get(), EVP_sha256()) > 0);
    std::FILE* out = std::fopen(file.c_str(), "w");
    must(out != nullptr);
    const bool written = PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                         PEM_write_X509(out, certificate) == 1 && PEM_write_X509(out, certificate) == 1;
    must(std::fclose(out) == 0 && written);
}

}  // namespace aep::e2e
