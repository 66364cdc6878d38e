// An inlet that only answers: takes batch requests over TLS, counts their messages, says 207 with one good
// response for each. Costs little, so that what is measured is the sender.
//
//     bench_sink CA_FILE      prints its port; ends at SIGTERM with a line of what it got
#include <arpa/inet.h>
#include <fmt/core.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tls.hpp"

namespace {

using namespace aep::bench;

std::atomic<std::uint64_t> requests{0};
std::atomic<std::uint64_t> messages{0};
std::atomic<std::uint64_t> body_bytes{0};

/// A self-signed certificate for localhost, which is its own CA.
CertificatePtr make_certificate(EVP_PKEY* key) {
    CertificatePtr certificate{X509_new()};
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    for (const auto& [nid, value] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                     std::pair{NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"}}) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
        X509_add_ext(certificate.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }
    X509_sign(certificate.get(), key, EVP_sha256());
    return certificate;
}

ContextPtr make_context(const char* ca_file) {
    ContextPtr context{SSL_CTX_new(TLS_server_method())};
    const KeyPtr key{EVP_EC_gen("P-256")};
    const CertificatePtr certificate = make_certificate(key.get());
    if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
        throw std::runtime_error{"cannot use the certificate"};
    }
    std::FILE* file = std::fopen(ca_file, "w");
    if (file == nullptr || PEM_write_X509(file, certificate.get()) != 1) {
        throw std::runtime_error{"cannot write the CA file"};
    }
    std::fclose(file);
    return context;
}

int listen_anywhere() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"cannot listen"};
    }
    fmt::print("{}\n", ntohs(address.sin_port));
    (void)std::fflush(stdout);
    return listener;
}

std::size_t count_messages(std::string_view body) {
    constexpr std::string_view kMark = "\"xdmEntity\":";
    std::size_t count = 0;
    const char* at = body.data();
    const char* const end = at + body.size();
    while ((at = static_cast<const char*>(
                ::memmem(at, static_cast<std::size_t>(end - at), kMark.data(), kMark.size()))) != nullptr) {
        ++count;
        at += kMark.size();
    }
    return count;
}

std::string answer_for(std::size_t count) {
    std::string body = R"({"inletId":"bench","batchId":"1:1:1","receivedTimeMs":1,"responses":[)";
    for (std::size_t i = 0; i < count; ++i) {
        fmt::format_to(std::back_inserter(body), "{}{{\"xactionId\":\"bench-{}\"}}", i == 0 ? "" : ",", i);
    }
    body += "]}";
    return fmt::format(
        "HTTP/1.1 207 Multi-Status\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        body.size(), body);
}

/// One connection: requests one after the other, until the peer goes.
class Session {
  public:
    explicit Session(SSL* ssl) : ssl_{ssl} {}

    void serve() {
        while (read_head()) {
            if (!read_body()) return;
            const std::size_t count = count_messages({buffer_.data() + head_, body_});
            requests += 1;
            messages += count;
            body_bytes += body_;
            buffer_.erase(0, head_ + body_);
            const std::string answer = answer_for(count);
            std::size_t written = 0;
            if (SSL_write_ex(ssl_, answer.data(), answer.size(), &written) != 1) return;
        }
    }

  private:
    bool read_more() {
        constexpr std::size_t kChunk = std::size_t{16} << 10U;
        const std::size_t before = buffer_.size();
        buffer_.resize(before + kChunk);
        std::size_t got = 0;
        const bool more = SSL_read_ex(ssl_, buffer_.data() + before, kChunk, &got) == 1;
        buffer_.resize(before + got);
        return more;
    }

    bool read_head() {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!read_more()) return false;
        }
        head_ = end + 4;
        constexpr std::string_view kLength = "Content-Length: ";
        const std::size_t length = buffer_.find(kLength);
        if (length >= end) return false;
        const char* const digits = buffer_.data() + length + kLength.size();
        return std::from_chars(digits, buffer_.data() + end, body_).ec == std::errc{};
    }

    bool read_body() {
        while (buffer_.size() < head_ + body_) {
            if (!read_more()) return false;
        }
        return true;
    }

    SSL* ssl_;
    std::string buffer_;
    std::size_t head_ = 0;
    std::size_t body_ = 0;
};

void serve(SSL_CTX* context, int connection) {
    const int on = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const SslPtr ssl{SSL_new(context)};
    SSL_set_fd(ssl.get(), connection);
    if (SSL_accept(ssl.get()) == 1) Session{ssl.get()}.serve();
    ::close(connection);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: bench_sink CA_FILE\n");
        return 2;
    }
    (void)std::signal(SIGPIPE, SIG_IGN);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    try {
        const ContextPtr context = make_context(argv[1]);
        const int listener = listen_anywhere();
        std::thread{[&context, listener] {
            for (;;) {
                const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
                if (connection >= 0) std::thread{serve, context.get(), connection}.detach();
            }
        }}.detach();
        int signal = 0;
        sigwait(&ends, &signal);
        fmt::print(stderr, "{{\"requests\":{},\"messages\":{},\"body_bytes\":{}}}\n", requests.load(),
                   messages.load(), body_bytes.load());
        (void)std::fflush(stderr);
        std::_Exit(0);  // the detached threads have nothing to finish
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_sink: {}\n", error.what());
        return 1;
    }
}
