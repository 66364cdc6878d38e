#include "inlet/certificates.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <stdexcept>

#include "inlet/write_file.hpp"

namespace aep::inlet {
namespace {

namespace fs = std::filesystem;

constexpr long kHour = 3600;
constexpr long kYear = 365L * 24 * kHour;
constexpr long kX509v3 = 2;  // the version field counts from zero (RFC 5280 4.1.2.1)

/// Making keys and certificates in memory fails only when memory or randomness is out: a broken invariant.
void must(bool good, const char* what) {
    if (good) return;
    std::array<char, 256> reason{};
    ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
    throw std::runtime_error{fmt::format("OpenSSL cannot {}: {}", what, reason.data())};
}

KeyPtr make_key() {
    KeyPtr key{EVP_EC_gen("P-256")};
    must(key != nullptr, "make a key");
    return key;
}

void set_random_serial(X509& certificate) {
    using BignumPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;
    const BignumPtr number{BN_new()};
    must(number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1,
         "make a serial number");
    must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr,
         "set a serial number");
}

CertificatePtr make_certificate(const char* common_name, EVP_PKEY& key) {
    CertificatePtr certificate{X509_new()};
    must(certificate != nullptr, "make a certificate");
    must(X509_set_version(certificate.get(), kX509v3) == 1, "set a version");
    set_random_serial(*certificate);
    must(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHour) != nullptr, "set a date");
    must(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kYear) != nullptr, "set a date");
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0) == 1,
         "set a name");
    must(X509_set_pubkey(certificate.get(), &key) == 1, "set a public key");
    return certificate;
}

void add_extension(X509& certificate, X509& issuer, int nid, const std::string& value) {
    using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
    must(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, "add an extension");
}

void sign(X509& certificate, X509& issuer, EVP_PKEY& issuer_key) {
    must(X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) == 1, "set an issuer");
    must(X509_sign(&certificate, &issuer_key, EVP_sha256()) > 0, "sign a certificate");
}

CertificatePtr make_ca(EVP_PKEY& key) {
    CertificatePtr ca = make_certificate("aep-agent local inlet CA", key);
    add_extension(*ca, *ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(*ca, *ca, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(*ca, *ca, NID_subject_key_identifier, "hash");
    sign(*ca, *ca, key);
    return ca;
}

bool is_dns_name(const std::string& name) {
    constexpr std::size_t kLongest = 253;
    return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.';
    });
}

/// The names a client may check, all in subjectAltName: the common name no longer counts (RFC 9110 4.3.4),
/// and an IP address only matches an entry of its own type.
base::Result<std::string> alternative_names(const std::string& host_name) {
    if (host_name == "localhost") return base::ok<std::string>("DNS:localhost,IP:127.0.0.1,IP:::1");
    boost::system::error_code not_an_address;
    const auto address = boost::asio::ip::make_address(host_name, not_an_address);
    if (!not_an_address) return base::ok("IP:" + address.to_string());
    if (is_dns_name(host_name)) return base::ok("DNS:" + host_name);
    return base::Error{fmt::format(
        "host name `{}` is neither a DNS name nor an IP address; write one such as localhost or inlet.test",
        host_name)};
}

std::string identity_pem(const Identity& identity) {
    const BioPtr bio{BIO_new(BIO_s_mem())};
    must(bio != nullptr, "make a buffer");
    must(PEM_write_bio_PrivateKey(bio.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "write a key");
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    std::string pem{bytes, static_cast<std::size_t>(size)};
    return pem + to_pem(*identity.certificate) + to_pem(*identity.ca);
}

bool ask_for_clients(SSL_CTX& context, const fs::path& ca_file) {
    constexpr std::string_view kName = "inlet";  // sessions of clients that were verified need one
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return SSL_CTX_load_verify_file(&context, ca_file.c_str()) == 1 &&
           SSL_CTX_set_session_id_context(&context, reinterpret_cast<const unsigned char*>(kName.data()),
                                          static_cast<unsigned>(kName.size())) == 1;
}

base::Result<Identity> load_identity(const fs::path& file) {
    const BioPtr bio{BIO_new_file(file.c_str(), "r")};
    Identity identity;
    if (bio) {
        identity.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
        identity.certificate.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        identity.ca.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    }
    ERR_clear_error();
    if (identity.key && identity.certificate && identity.ca) return identity;
    return base::Error{fmt::format(
        "identity file {} does not hold a key and two certificates (PEM); remove it, and a new one is made",
        file.string())};
}

}  // namespace

base::Result<Identity> make_identity(const std::string& host_name) {
    const base::Result<std::string> names = alternative_names(host_name);
    if (!names) return names.error();
    const KeyPtr ca_key = make_key();
    Identity identity;
    identity.ca = make_ca(*ca_key);
    identity.key = make_key();
    identity.certificate = make_certificate("aep-agent local inlet", *identity.key);
    X509& leaf = *identity.certificate;
    add_extension(leaf, *identity.ca, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf, *identity.ca, NID_key_usage, "critical,digitalSignature");
    add_extension(leaf, *identity.ca, NID_ext_key_usage, "serverAuth");
    add_extension(leaf, *identity.ca, NID_subject_alt_name, *names);
    add_extension(leaf, *identity.ca, NID_subject_key_identifier, "hash");
    add_extension(leaf, *identity.ca, NID_authority_key_identifier, "keyid:always");
    sign(leaf, *identity.ca, *ca_key);
    return identity;
}

base::Result<Identity> load_or_make_identity(const fs::path& file, const std::string& host_name) {
    std::error_code ignored;
    if (fs::exists(file, ignored)) return load_identity(file);
    base::Result<Identity> identity = make_identity(host_name);
    if (!identity) return identity;
    const auto written = write_file_atomically(file, identity_pem(*identity), 0600);
    if (!written) return written.error();
    return identity;
}

std::string to_pem(X509& certificate) {
    const BioPtr bio{BIO_new(BIO_s_mem())};
    must(bio && PEM_write_bio_X509(bio.get(), &certificate) == 1, "write a certificate");
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

base::Result<SslContextPtr> make_tls_context(const Identity& identity,
                                             const std::filesystem::path& client_ca_file) {
    SslContextPtr context{SSL_CTX_new(TLS_server_method())};
    must(context != nullptr, "make a TLS context");
    must(SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1, "set the TLS version");
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // One recv() for many records; without it OpenSSL makes two for each record of 16 KiB.
    constexpr std::size_t kReadAhead = 256U << 10U;
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_default_read_buffer_len(context.get(), kReadAhead);
    if (SSL_CTX_use_certificate(context.get(), identity.certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), identity.key.get()) != 1) {
        ERR_clear_error();
        return base::Error{
            "the inlet's key and certificate do not belong together; remove the identity file"};
    }
    if (!client_ca_file.empty() && !ask_for_clients(*context, client_ca_file)) {
        ERR_clear_error();
        return base::Error{fmt::format("client CA file {} cannot be read or holds no PEM certificate",
                                       client_ca_file.string())};
    }
    return context;
}

}  // namespace aep::inlet
