#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace aep::e2e {

struct Answer {
    int status = 0;  ///< 0: there was no answer
    std::string body;
};

/// A small blocking client of this host's servers, one request a connection, each step within 10 seconds.
/// Knows nothing of the agent's own client. The inlet's certificate is verified for 127.0.0.1.
class HttpClient {
  public:
    /// Plain HTTP.
    explicit HttpClient(std::uint16_t port) : port_{port} {}
    /// HTTPS; trusts what is in `ca_file`.
    HttpClient(std::uint16_t port, std::filesystem::path ca_file)
        : port_{port}, ca_file_{std::move(ca_file)} {}

    [[nodiscard]] Answer get(const std::string& target) const { return request("GET", target, ""); }
    [[nodiscard]] Answer put(const std::string& target, const std::string& body) const {
        return request("PUT", target, body);
    }
    [[nodiscard]] Answer remove(const std::string& target) const { return request("DELETE", target, ""); }

  private:
    [[nodiscard]] Answer request(const std::string& method, const std::string& target,
                                 const std::string& body) const;

    std::uint16_t port_;
    std::filesystem::path ca_file_;
};

}  // namespace aep::e2e
