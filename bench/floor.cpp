// The floor: the least work that delivers the same bytes. Reads the file, finds the lines, parses each whole,
// puts it between the constant parts of an envelope, encrypts, sends 256 KB at a time, waits for each answer.
// One thread, one connection; no ids, no checks, no accounts, nothing is sent again. What a sender costs
// above it is the price of its promises.
//
//     bench_floor FILE PORT
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tls.hpp"

namespace {

using namespace aep::bench;

constexpr std::size_t kReadSize = std::size_t{1} << 20U;
constexpr std::size_t kBatchBytes = 900'000;
constexpr std::size_t kSendSize = std::size_t{256} << 10U;
constexpr std::size_t kHeadRoom = 512;

constexpr std::string_view kPrefix =
    R"({"header":{"schemaRef":{"id":"https://ns.adobe.com/acme/schemas/0123456789abcdef0123456789abcdef",)"
    R"("contentType":"application/vnd.adobe.xed-full+json;version=1"},"imsOrgId":"0123456789ABCDEF01234567@AdobeOrg",)"
    R"("datasetId":"5e30d7986c0cc218a85cee65","flowId":"69f188b6-af07-4587-8061-e94d34637b41",)"
    R"("source":{"name":"bench"}},"body":{"xdmMeta":{"schemaRef":)"
    R"({"id":"https://ns.adobe.com/acme/schemas/0123456789abcdef0123456789abcdef",)"
    R"("contentType":"application/vnd.adobe.xed-full+json;version=1"}},"xdmEntity":)";
constexpr std::string_view kSuffix = "}}";

/// A TLS connection that gathers what it encrypts and sends it in large pieces.
class Wire {
  public:
    explicit Wire(std::uint16_t port)
        : context_{SSL_CTX_new(TLS_client_method())}, ssl_{SSL_new(context_.get())} {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error{"cannot connect"};
        }
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        to_socket_ = BIO_new(BIO_s_mem());
        from_socket_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl_.get(), from_socket_, to_socket_);
        while (SSL_connect(ssl_.get()) != 1) {
            flush();
            receive();
        }
        flush();
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            std::size_t written = 0;
            const std::size_t size = std::min<std::size_t>(bytes.size(), SSL3_RT_MAX_PLAIN_LENGTH);
            if (SSL_write_ex(ssl_.get(), bytes.data(), size, &written) != 1)
                throw std::runtime_error{"write"};
            bytes.remove_prefix(written);
            if (BIO_ctrl_pending(to_socket_) >= kSendSize) flush();
        }
        flush();
    }

    void wait_for_answer() {
        std::string answer;
        std::size_t size = 0;
        while (size == 0 || answer.size() < size) {
            char buffer[16384];
            std::size_t got = 0;
            if (SSL_read_ex(ssl_.get(), buffer, sizeof buffer, &got) != 1) {
                receive();
                continue;
            }
            answer.append(buffer, got);
            const std::size_t head = answer.find("\r\n\r\n");
            const std::size_t length = answer.find("Content-Length: ");
            if (head == std::string::npos || length == std::string::npos) continue;
            size = head + 4 + std::strtoul(answer.c_str() + length + 16, nullptr, 10);
        }
        if (!answer.starts_with("HTTP/1.1 207")) throw std::runtime_error{"refused"};
    }

  private:
    void flush() {
        char* data = nullptr;
        const long size = BIO_get_mem_data(to_socket_, &data);
        for (long sent = 0; sent < size;) {
            const ssize_t now =
                ::send(socket_, data + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
            if (now <= 0) throw std::runtime_error{"send"};
            sent += now;
        }
        (void)BIO_reset(to_socket_);
    }

    void receive() {
        char buffer[65536];
        const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
        if (got <= 0) throw std::runtime_error{"the sink has gone"};
        BIO_write(from_socket_, buffer, static_cast<int>(got));
    }

    ContextPtr context_;
    SslPtr ssl_;
    int socket_ = -1;
    BIO* to_socket_ = nullptr;
    BIO* from_socket_ = nullptr;
};

class Floor {
  public:
    explicit Floor(std::uint16_t port) : wire_{port} { begin_batch(); }

    std::uint64_t run(int file) {
        std::vector<char> buffer(kReadSize + simdjson::SIMDJSON_PADDING);
        std::size_t kept = 0;
        for (;;) {
            const ssize_t got = ::read(file, buffer.data() + kept, kReadSize - kept);
            if (got <= 0) break;
            const std::size_t size = kept + static_cast<std::size_t>(got);
            kept = size - take_lines({buffer.data(), size});
            std::memmove(buffer.data(), buffer.data() + size - kept, kept);
        }
        send_batch();
        return records_;
    }

  private:
    /// Returns how many bytes whole lines had.
    std::size_t take_lines(std::string_view bytes) {
        std::size_t at = 0;
        for (;;) {
            const void* end = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
            if (end == nullptr) return at;
            const auto size = static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data()) - at;
            take(bytes.substr(at, size));
            at += size + 1;
        }
    }

    void take(std::string_view line) {
        simdjson::dom::element ignored;
        if (parser_.parse(line.data(), line.size(), false).get(ignored) != simdjson::SUCCESS) {
            throw std::runtime_error{"a broken record"};
        }
        if (batch_.size() - kHeadRoom + kPrefix.size() + line.size() + kSuffix.size() + 3 > kBatchBytes)
            send_batch();
        if (batch_.back() != '[') batch_ += ',';
        batch_ += kPrefix;
        batch_ += line;
        batch_ += kSuffix;
        ++records_;
    }

    void begin_batch() {
        batch_.reserve(kHeadRoom + kBatchBytes + 16);
        batch_.assign(kHeadRoom, ' ');
        batch_ += R"({"messages":[)";
    }

    void send_batch() {
        batch_ += "]}";
        const std::string head = fmt::format(
            "POST /collection/batch/bench HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: {}\r\n\r\n",
            batch_.size() - kHeadRoom);
        char* const begin = batch_.data() + kHeadRoom - head.size();
        std::memcpy(begin, head.data(), head.size());
        wire_.send({begin, batch_.size() - kHeadRoom + head.size()});
        wire_.wait_for_answer();
        begin_batch();
    }

    Wire wire_;
    simdjson::dom::parser parser_;
    std::string batch_;
    std::uint64_t records_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: bench_floor FILE PORT\n");
        return 2;
    }
    try {
        const int file = ::open(argv[1], O_RDONLY | O_CLOEXEC);
        if (file < 0) throw std::runtime_error{"cannot open the file"};
        const std::uint64_t records = Floor{static_cast<std::uint16_t>(std::atoi(argv[2]))}.run(file);
        fmt::print(stderr, "floor: {} records\n", records);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_floor: {}\n", error.what());
        return 1;
    }
}
