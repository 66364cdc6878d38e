#include "harness/http_client.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace aep::e2e {
namespace {

constexpr const char* kHost = "127.0.0.1";
constexpr timeval kPatience{10, 0};

struct FreeOpenSsl {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, FreeOpenSsl>;
using Context = std::unique_ptr<SSL_CTX, FreeOpenSsl>;

/// A connected socket that gives up when its peer is silent; empty where nobody listens.
Bio connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, kHost, &address.sin_addr);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd);
        return {};
    }
    return Bio{BIO_new_socket(fd, BIO_CLOSE)};
}

Context trusting(const std::filesystem::path& ca_file) {
    Context context{SSL_CTX_new(TLS_client_method())};
    if (SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1) {
        throw std::runtime_error{"no certificate in " + ca_file.string()};
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    return context;
}

/// Puts TLS on top of `below`; empty when the peer is not who it should be.
Bio with_tls(Bio below, const Context& context) {
    Bio tls{BIO_new_ssl(context.get(), 1)};
    SSL* ssl = nullptr;
    BIO_get_ssl(tls.get(), &ssl);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), kHost);
    BIO_push(tls.get(), below.release());
    if (BIO_do_handshake(tls.get()) != 1) return {};
    return tls;
}

std::string exchange(BIO* bio, const std::string& request) {
    if (BIO_write(bio, request.data(), static_cast<int>(request.size())) != std::ssize(request)) return "";
    std::string answer;
    std::array<char, 16384> part{};
    for (int size = 0; (size = BIO_read(bio, part.data(), part.size())) > 0;) {
        answer.append(part.data(), static_cast<std::size_t>(size));
    }
    return answer;
}

Answer parse(const std::string& text) {
    const std::size_t space = text.find(' ');
    const std::size_t body = text.find("\r\n\r\n");
    if (!text.starts_with("HTTP/1.") || body == std::string::npos) return {};
    return {.status = std::atoi(text.c_str() + space + 1), .body = text.substr(body + 4)};
}

}  // namespace

Answer HttpClient::request(const std::string& method, const std::string& target,
                           const std::string& body) const {
    std::string text = method + ' ' + target + " HTTP/1.1\r\nHost: " + kHost + ':' + std::to_string(port_) +
                       "\r\nConnection: close\r\n";
    if (!body.empty()) text += "Content-Type: application/json\r\n";
    if (method != "GET") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n" + body;

    Bio bio = connect_to(port_);
    if (!bio) return {};
    if (ca_file_.empty()) return parse(exchange(bio.get(), text));
    const Context context = trusting(ca_file_);
    bio = with_tls(std::move(bio), context);
    return bio ? parse(exchange(bio.get(), text)) : Answer{};
}

}  // namespace aep::e2e
