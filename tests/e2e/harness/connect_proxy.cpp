#include "harness/connect_proxy.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace aep::e2e {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

/// Up to the blank line.
std::string read_head(int client) {
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n") && head.size() < 65536 && ::recv(client, &c, 1, 0) == 1) head += c;
    return head;
}

std::string base64(const std::string& text) {
    std::string coded((text.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    coded.resize(static_cast<std::size_t>(size));
    return coded;
}

bool carry(int from, int to) {
    std::array<char, 65536> buffer{};
    const ssize_t size = ::recv(from, buffer.data(), buffer.size(), 0);
    for (ssize_t sent = 0; sent < size;) {
        const ssize_t more =
            ::send(to, buffer.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (more <= 0) return false;
        sent += more;
    }
    return size > 0;
}

/// Until either end closes.
void relay(int client, std::uint16_t port) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    while (open) {
        std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
        open = ::poll(ends.data(), ends.size(), 120'000) > 0;
        if (open && ends[0].revents != 0) open = carry(client, server);
        if (open && ends[1].revents != 0) open = carry(server, client);
    }
    ::close(server);
}

}  // namespace

ConnectProxy::ConnectProxy(std::string credentials) : credentials_{std::move(credentials)} {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error{"the proxy cannot listen"};
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread{[this] { accept_all(); }};
}

ConnectProxy::~ConnectProxy() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock{mutex_};
        for (const int client : open_) ::shutdown(client, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
}

std::string ConnectProxy::url() const {
    return fmt::format("http://{}127.0.0.1:{}", credentials_.empty() ? "" : credentials_ + "@", port_);
}

std::vector<std::string> ConnectProxy::asked() const {
    const std::lock_guard lock{mutex_};
    return asked_;
}

void ConnectProxy::accept_all() {
    while (!stopping_) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        threads_.emplace_back([this, client] { serve(client); });
    }
}

int ConnectProxy::answer_to(const std::string& head) const {
    if (refusal_ != 0) return refusal_;
    if (!head.starts_with("CONNECT ")) return 405;
    const bool known = credentials_.empty() || head.find("\r\nProxy-Authorization: Basic " +
                                                         base64(credentials_) + "\r\n") != std::string::npos;
    return known ? 200 : 407;
}

void ConnectProxy::serve(int client) {
    {
        const std::lock_guard lock{mutex_};
        open_.push_back(client);
        if (stopping_) ::shutdown(client, SHUT_RDWR);
    }
    const std::string head = read_head(client);
    const std::string target =
        head.substr(0, head.find(" HTTP/")).substr(std::min<std::size_t>(8, head.size()));
    const int status = answer_to(head);
    {
        const std::lock_guard lock{mutex_};
        asked_.push_back(target);
    }
    const std::string answer = fmt::format("HTTP/1.1 {} Test\r\n{}\r\n", status,
                                           status == 200 ? "" : "Content-Length: 0\r\nConnection: close\r\n");
    ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    if (status == 200)
        relay(client, static_cast<std::uint16_t>(std::stoi(target.substr(target.rfind(':') + 1))));
    const std::lock_guard lock{mutex_};
    open_.remove(client);
    ::close(client);
}

}  // namespace aep::e2e
