#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace aep::http {

/// A key and a certificate that signs itself, made in memory; its file is what a client is told to trust.
class TestIdentity {
  public:
    /// `names` as OpenSSL spells a subjectAltName.
    explicit TestIdentity(const std::string& names = "DNS:localhost,IP:127.0.0.1")
        : key_{EVP_EC_gen("P-256"), EVP_PKEY_free}, certificate_{X509_new(), X509_free} {
        X509* certificate = certificate_.get();
        must(key_ != nullptr && certificate != nullptr);
        must(X509_set_version(certificate, 2) == 1);
        must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), ::getpid()) == 1);
        must(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nullptr);
        must(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) != nullptr);
        X509_NAME* name = X509_get_subject_name(certificate);
        const auto* text = reinterpret_cast<const unsigned char*>("test inlet");
        must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1);
        must(X509_set_issuer_name(certificate, name) == 1);
        must(X509_set_pubkey(certificate, key_.get()) == 1);
        add_names(names);
        must(X509_sign(certificate, key_.get(), EVP_sha256()) > 0);
        file_ = write_file([certificate](std::FILE* file) { return PEM_write_X509(file, certificate); });
        key_file_ = write_file([this](std::FILE* file) {
            return PEM_write_PrivateKey(file, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    ~TestIdentity() {
        std::error_code ignored;
        std::filesystem::remove(file_, ignored);
        std::filesystem::remove(key_file_, ignored);
    }
    TestIdentity(const TestIdentity&) = delete;
    TestIdentity& operator=(const TestIdentity&) = delete;

    [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
    [[nodiscard]] X509* certificate() const { return certificate_.get(); }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::string& key_file() const { return key_file_; }

  private:
    static void must(bool good) {
        if (!good) throw std::runtime_error{"cannot make a certificate"};
    }
    void add_names(const std::string& names) {
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()), X509_EXTENSION_free};
        must(extension && X509_add_ext(certificate_.get(), extension.get(), -1) == 1);
    }
    template <class Write>
    static std::string write_file(Write write) {
        std::string path = std::filesystem::temp_directory_path() / "aep-ca-XXXXXX";
        const int descriptor = ::mkstemp(path.data());
        must(descriptor >= 0);
        std::FILE* file = ::fdopen(descriptor, "w");
        must(file != nullptr);
        const bool written = write(file) == 1;
        must(std::fclose(file) == 0 && written);
        return path;
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
    std::unique_ptr<X509, decltype(&X509_free)> certificate_;
    std::string file_;
    std::string key_file_;
};

}  // namespace aep::http
