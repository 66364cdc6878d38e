#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <memory>

/// OpenSSL's objects with their owners.
namespace aep::http {

struct OpensslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

using SslPtr = std::unique_ptr<SSL, OpensslFree>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpensslFree>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, OpensslFree>;
using BioPtr = std::unique_ptr<BIO, OpensslFree>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, OpensslFree>;

}  // namespace aep::http
