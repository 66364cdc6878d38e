#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/http_client.hpp"
#include "harness/process.hpp"
#include "harness/temp_dir.hpp"

namespace aep::e2e {

/// The local inlet, a process of its own with a directory of its own.
class InletProcess {
  public:
    struct Stats {
        std::uint64_t requests = 0;
        std::uint64_t messages = 0;
        std::uint64_t accepted = 0;
        std::uint64_t refused = 0;
        std::uint64_t tokens_issued = 0;
    };
    /// What the tokens that it gives begin with.
    static constexpr const char* kTokenPrefix = "local.";

    /// Starts it on a free port. `arguments` go behind the harness's own.
    explicit InletProcess(std::vector<std::string> arguments = {});

    /// Ends it at once, as a crash would: connections break.
    void kill();
    /// Starts it again on its port, with its certificate. It goes on with its entities file.
    void restart();

    /// The same with other arguments.
    void restart_with(std::vector<std::string> arguments);

    /// PUT /inlet/tokens with this JSON; {} ends the fault.
    void set_token_fault(const std::string& json) const;
    void revoke_tokens() const;
    /// PUT /inlet/fault with this JSON.
    void set_fault(const std::string& json) const;
    void clear_fault() const;
    [[nodiscard]] Stats stats() const;
    /// What came in each tenth of a second since the first request.
    struct Traffic {
        std::vector<std::uint64_t> requests;
        std::vector<std::uint64_t> messages;
        std::vector<std::uint64_t> throttled;
    };
    [[nodiscard]] Traffic traffic() const;
    /// The answer to GET /inlet/entities?id=ID.
    [[nodiscard]] std::string entity(const std::string& id) const;

    /// What a destination's `url` is, by the name in the certificate.
    [[nodiscard]] std::string url(const std::string& host = "localhost") const;
    [[nodiscard]] std::string token_url(const std::string& host = "localhost") const;
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Its key and certificates; when removed, the next start makes new ones.
    [[nodiscard]] std::filesystem::path identity_file() const { return dir_ / "identity.pem"; }
    [[nodiscard]] std::filesystem::path ca_file() const { return dir_ / "ca.pem"; }
    [[nodiscard]] std::filesystem::path entities_file() const { return dir_ / "entities.ndjson"; }
    [[nodiscard]] Process& process() { return *process_; }

  private:
    void start(std::uint16_t port);
    [[nodiscard]] HttpClient client() const { return {port_, ca_file()}; }

    TempDir dir_;
    std::vector<std::string> arguments_;
    std::unique_ptr<Process> process_;
    std::uint16_t port_ = 0;
};

}  // namespace aep::e2e
