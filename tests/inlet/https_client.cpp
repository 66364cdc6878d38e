#include "inlet/https_client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <stdexcept>

namespace aep::inlet {

struct HttpsClient::Impl {
    ~Impl() {
        SSL_free(ssl);
        SSL_CTX_free(context);
        if (fd >= 0) ::close(fd);
    }

    void connect(std::uint16_t port, std::chrono::milliseconds patience) {
        (void)std::signal(SIGPIPE, SIG_IGN);
        fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error{"cannot connect to the inlet"};
        }
    }

    void trust_in(const Trust& trust) {
        context = SSL_CTX_new(TLS_client_method());
        BIO* bio = BIO_new_mem_buf(trust.ca_pem.data(), static_cast<int>(trust.ca_pem.size()));
        X509* ca = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
        if (ca == nullptr) throw std::runtime_error{"the CA is no certificate"};
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
        X509_free(ca);
        BIO_free(bio);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        if (trust.max_tls_version != 0) SSL_CTX_set_max_proto_version(context, trust.max_tls_version);
        ssl = SSL_new(context);
        X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
        const std::string& name = trust.host_name;
        if (X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) != 1) {
            ERR_clear_error();
            X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size());
        }
        SSL_set_fd(ssl, fd);
    }

    /// Appends what comes to `input`; false at the end or when nothing came in time.
    bool read_more() {
        std::array<char, (16U << 10U)> part{};
        const int size = SSL_read(ssl, part.data(), static_cast<int>(part.size()));
        if (size > 0) input.append(part.data(), static_cast<std::size_t>(size));
        closed = size == 0 || (size < 0 && SSL_get_error(ssl, size) != SSL_ERROR_WANT_READ);
        return size > 0;
    }

    int fd = -1;
    SSL_CTX* context = nullptr;
    SSL* ssl = nullptr;
    bool connected = false;
    bool closed = false;
    std::string input;
};

HttpsClient::HttpsClient(std::uint16_t port, const Trust& trust, std::chrono::milliseconds patience)
    : impl_{std::make_unique<Impl>()} {
    impl_->connect(port, patience);
    impl_->trust_in(trust);
    impl_->connected = SSL_connect(impl_->ssl) == 1;
    ERR_clear_error();
}

HttpsClient::~HttpsClient() = default;

bool HttpsClient::connected() const {
    return impl_->connected;
}

std::string HttpsClient::verification() const {
    return X509_verify_cert_error_string(SSL_get_verify_result(impl_->ssl));
}

bool HttpsClient::write(std::string_view bytes) {
    ERR_clear_error();
    std::size_t written = 0;
    return SSL_write_ex(impl_->ssl, bytes.data(), bytes.size(), &written) == 1 && written == bytes.size();
}

Answer HttpsClient::read_answer() {
    constexpr std::string_view kEnd = "\r\n\r\n";
    constexpr std::string_view kLength = "Content-Length: ";
    std::string& input = impl_->input;
    while (input.find(kEnd) == std::string::npos) {
        if (!impl_->read_more()) return {};
    }
    Answer answer;
    answer.head = input.substr(0, input.find(kEnd) + kEnd.size());
    input.erase(0, answer.head.size());
    std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
    std::size_t size = 0;
    if (const std::size_t at = answer.head.find(kLength); at != std::string::npos) {
        std::from_chars(answer.head.data() + at + kLength.size(), answer.head.data() + answer.head.size(),
                        size);
    }
    while (input.size() < size) {
        if (!impl_->read_more()) return {};
    }
    answer.body = input.substr(0, size);
    input.erase(0, size);
    return answer;
}

Answer HttpsClient::exchange(std::string_view bytes) {
    if (!write(bytes)) return {};
    return read_answer();
}

Answer HttpsClient::get(std::string_view target) {
    return exchange(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target));
}

Answer HttpsClient::post(std::string_view target, std::string_view body, std::string_view headers) {
    return send("POST", target, body, fmt::format("Content-Type: application/json\r\n{}", headers));
}

Answer HttpsClient::send(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view headers) {
    return exchange(fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{}\r\n{}", method,
                                target, body.size(), headers, body));
}

bool HttpsClient::closes() {
    const bool silent = impl_->input.empty() && !impl_->read_more();
    return silent && impl_->closed;
}

}  // namespace aep::inlet
