#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/openssl_ptr.hpp"
#include "http/test_identity.hpp"

/// A TLS server on a thread per connection, with blocking sockets and OpenSSL's own I/O: nothing of it is
/// shared with what it tests. What it does with a connection is up to the test.
namespace aep::http {

struct TestRequest {
    std::string head;
    std::string body;
};

/// An answer with a length.
inline std::string test_answer(int status, std::string_view body, std::string_view headers = "") {
    return fmt::format("HTTP/1.1 {} Test\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers,
                       body);
}

/// AEP's answer to `count` messages, none of which failed.
inline std::string all_good(std::size_t count) {
    std::string entries;
    for (std::size_t i = 0; i < count; ++i)
        entries += (i == 0 ? "" : ",") + fmt::format(R"({{"xactionId":"1:2:{}"}})", i);
    return test_answer(207, R"({"inletId":"i","responses":[)" + entries + "]}");
}

/// The server's end of one connection; one thread uses it.
class TestSession {
  public:
    TestSession(int descriptor, std::size_t number) : number_{number}, descriptor_{descriptor} {
        const timeval bound{.tv_sec = 20, .tv_usec = 0};  // a test that hangs fails instead
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
        ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
        const int on = 1;  // else each answer waits 40 ms for the client to acknowledge the session tickets
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~TestSession() {
        ssl_.reset();
        ::close(descriptor_);
    }
    TestSession(const TestSession&) = delete;
    TestSession& operator=(const TestSession&) = delete;

    bool handshake(SSL_CTX* context) {
        ssl_.reset(SSL_new(context));
        SSL_set_fd(ssl_.get(), descriptor_);
        return SSL_accept(ssl_.get()) == 1;
    }
    /// The next request with its whole body; nothing at the end of the connection.
    std::optional<TestRequest> read_request() {
        auto request = read_head();
        while (request && request->body.size() < length_) {
            if (!read_more(request->body)) return std::nullopt;
        }
        return request;
    }
    /// Only the head, and what came with it.
    std::optional<TestRequest> read_head() {
        std::string text;
        std::size_t end = std::string::npos;
        while ((end = text.find("\r\n\r\n")) == std::string::npos) {
            if (!read_more(text)) return std::nullopt;
        }
        TestRequest request{.head = text.substr(0, end + 4), .body = text.substr(end + 4)};
        const std::size_t at = request.head.find("Content-Length: ");
        length_ = at == std::string::npos ? 0 : std::stoul(request.head.substr(at + 16));
        return request;
    }
    bool read_more(std::string& into, std::size_t most = 16'384) {
        std::string bytes(most, '\0');
        const int size = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        if (size <= 0) return false;
        into.append(bytes, 0, static_cast<std::size_t>(size));
        return true;
    }
    bool write(std::string_view bytes) {
        return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
    }
    /// Each byte in a TLS record of its own.
    void write_bytewise(std::string_view bytes) {
        for (const char byte : bytes) write({&byte, 1});
    }
    void say_goodbye() { SSL_shutdown(ssl_.get()); }
    /// Takes in what comes, until the client has closed or the server ends.
    void wait_for_end() const {
        char ignored[4096];
        while (::recv(descriptor_, ignored, sizeof ignored, 0) > 0) {
        }
    }
    /// The connection ends at once, as when a process dies.
    void reset() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    void interrupt() const { ::shutdown(descriptor_, SHUT_RDWR); }
    [[nodiscard]] std::size_t number() const { return number_; }  ///< of the connection, from 0
    [[nodiscard]] std::string_view protocol() const { return SSL_get_version(ssl_.get()); }
    /// The client came with a session of an earlier connection.
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

  private:
    const std::size_t number_;
    const int descriptor_;
    std::size_t length_ = 0;
    SslPtr ssl_;
};

class TestServer {
  public:
    using Serve = std::function<void(TestSession&)>;
    enum class Protocol { Any, Tls12, Tls13, Silent };  ///< Silent: takes connections, never shakes hands

    explicit TestServer(Serve serve, Protocol protocol = Protocol::Any,
                        const std::string& names = "DNS:localhost,IP:127.0.0.1")
        : serve_{std::move(serve)},
          protocol_{protocol},
          identity_{names},
          context_{SSL_CTX_new(TLS_server_method())} {
        SSL_CTX_use_certificate(context_.get(), identity_.certificate());
        SSL_CTX_use_PrivateKey(context_.get(), identity_.key());
        if (protocol == Protocol::Tls12) SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
        if (protocol == Protocol::Tls13) SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
        listen();
        acceptor_ = std::thread{[this] { accept_all(); }};
    }
    ~TestServer() {
        stopping_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        {
            const std::lock_guard lock{mutex_};
            for (const TestSession* session : open_) session->interrupt();
        }
        for (std::thread& thread : threads_) thread.join();
        ::close(listener_);
    }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    [[nodiscard]] std::string url(const std::string& host = "localhost") const {
        return fmt::format("https://{}:{}/collection/inlet", host, port_);
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const std::string& ca_file() const { return identity_.file(); }
    [[nodiscard]] std::size_t connections() const { return connections_; }

    /// From the next connection on only clients with a certificate signed by this one are let in. Before the
    /// first connection.
    void want_client(const TestIdentity& trusted) {
        SSL_CTX_load_verify_file(context_.get(), trusted.file().c_str());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        const unsigned char name[] = "test";  // sessions that were verified need one
        SSL_CTX_set_session_id_context(context_.get(), name, sizeof name);
    }
    /// Silent: what a connection begins with, in clear. Before the first connection.
    void greet(const std::string& words) { greeting_ = words; }
    /// Speaks this version alone, however old. Before the first connection.
    void speak_only(int version) {
        SSL_CTX_set_security_level(context_.get(), 0);  // TLS 1.1 needs SHA-1
        SSL_CTX_set_min_proto_version(context_.get(), version);
        SSL_CTX_set_max_proto_version(context_.get(), version);
    }

    /// Serves every request of a connection with what `answer` makes of it; "" closes without an answer.
    static Serve answering(std::function<std::string(const TestRequest&)> answer) {
        return [answer = std::move(answer)](TestSession& session) {
            while (const auto request = session.read_request()) {
                const std::string text = answer(*request);
                if (text.empty() || !session.write(text)) return;
            }
        };
    }

  private:
    void listen() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
            ::getsockname(listener_, generic, &size) != 0) {
            throw std::runtime_error{"the test server cannot listen"};
        }
        port_ = ntohs(address.sin_port);
    }
    void accept_all() {
        while (!stopping_) {
            const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (descriptor < 0) return;
            threads_.emplace_back([this, descriptor, number = connections_++] { run(descriptor, number); });
        }
    }
    /// OpenSSL's own I/O raises it where the client has gone. Only here: the client must do without.
    static void block_sigpipe() {
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    }
    void run(int descriptor, std::size_t number) {
        block_sigpipe();
        TestSession session{descriptor, number};
        {
            const std::lock_guard lock{mutex_};
            open_.push_back(&session);
            if (stopping_) session.interrupt();
        }
        if (protocol_ == Protocol::Silent) {
            ::send(descriptor, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
            session.wait_for_end();
        } else if (session.handshake(context_.get())) {
            serve_(session);
        }
        const std::lock_guard lock{mutex_};
        open_.remove(&session);
    }

    const Serve serve_;
    const Protocol protocol_;
    const TestIdentity identity_;
    const SslContextPtr context_;
    std::string greeting_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> connections_{0};
    std::mutex mutex_;
    std::list<TestSession*> open_;
    std::list<std::thread> threads_;  ///< the acceptor's, until it has ended
    std::thread acceptor_;
};

}  // namespace aep::http
