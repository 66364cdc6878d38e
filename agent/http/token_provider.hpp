#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "http/options.hpp"
#include "http/token_keeper.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::http {

/// The access tokens of one platform: fetched at the start, kept in memory, replaced ahead of their end or
/// when one is refused, by one request at a time for all who use them. Owns a thread and its connection to
/// the token endpoint. Free-threaded.
class TokenProvider {
  public:
    /// Both outlive it.
    struct Surroundings {
        telemetry::Metrics& metrics;
        telemetry::Health& health;
    };

    /// Begins to fetch. Fails on a URL, proxy, certificate or secret file that cannot be used.
    [[nodiscard]] static base::Result<std::unique_ptr<TokenProvider>> create(
        TokenOptions options, const Surroundings& surroundings);
    /// What create() fails on, without beginning anything.
    [[nodiscard]] static base::Result<void> check(const TokenOptions& options);
    /// Without waiting for an answer that is under way.
    ~TokenProvider();
    TokenProvider(const TokenProvider&) = delete;
    TokenProvider& operator=(const TokenProvider&) = delete;

    /// The token to send; null while there is none. Never waits.
    [[nodiscard]] TokenPtr token() const;
    /// A request with it was refused (401, 403): see TokenKeeper::refused().
    [[nodiscard]] bool refused(const TokenPtr& used);

    struct Trouble {
        std::string words;
        bool needs_operator = false;
    };
    /// Why the endpoint gave no token when it was last asked; nothing where it did.
    [[nodiscard]] std::optional<Trouble> trouble() const;

    /// `changed` is called, on the provider's thread, after each answer of the endpoint; it must not wait.
    [[nodiscard]] std::uint64_t subscribe(std::function<void()> changed);
    /// After it `changed` is not called any more, and does not run.
    void unsubscribe(std::uint64_t subscription);

  private:
    struct Impl;
    explicit TokenProvider(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::http
