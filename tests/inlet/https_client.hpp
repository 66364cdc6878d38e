#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace aep::inlet {

/// What came back. `status` 0: the connection ended, or nothing came in time.
struct Answer {
    int status = 0;
    std::string head;
    std::string body;
};

/// A blocking HTTPS client over OpenSSL alone, for tests: one connection to 127.0.0.1, verified against
/// `ca_pem` and `host_name`. Reads wait at most `patience`.
class HttpsClient {
  public:
    struct Trust {
        std::string ca_pem;
        std::string host_name = "localhost";  ///< or an address
        int max_tls_version = 0;              ///< 0: any
    };
    HttpsClient(std::uint16_t port, const Trust& trust,
                std::chrono::milliseconds patience = std::chrono::seconds{20});
    ~HttpsClient();
    HttpsClient(const HttpsClient&) = delete;
    HttpsClient& operator=(const HttpsClient&) = delete;

    /// Connected and verified.
    [[nodiscard]] bool connected() const;
    /// Why not: OpenSSL's text of the verification.
    [[nodiscard]] std::string verification() const;

    bool write(std::string_view bytes);
    Answer read_answer();
    Answer exchange(std::string_view bytes);
    Answer get(std::string_view target);
    Answer post(std::string_view target, std::string_view body, std::string_view headers = "");
    Answer send(std::string_view method, std::string_view target, std::string_view body,
                std::string_view headers = "Content-Type: application/json\r\n");
    /// True when the inlet closes the connection (and says nothing before) within the patience.
    bool closes();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::inlet
