#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.hpp"
#include "http/options.hpp"

namespace aep::delivery {

/// `answers:` of a destination.
enum class Answers {
    PerMessage,  ///< a 2xx proves something only with one response per message
    Any2xx,      ///< for proxies and sinks that do not speak AEP's answer
};

/// `compression:` of a destination.
enum class Coding { None, Gzip };

/// `limits:` of a platform: what its destinations may send together.
struct LimitOptions {
    std::optional<std::size_t> requests_per_second = 1000;   ///< absent: unlimited
    std::optional<std::size_t> messages_per_second = 10000;  ///< absent: unlimited
    double share = 1.0;  ///< above 0, at most 1: this agent's part, where several agents share the limits

    /// A batch never holds more than 5 % of a second's messages, so that the flow is even.
    [[nodiscard]] std::size_t batch_messages(std::size_t configured) const {
        if (!messages_per_second) return configured;
        const double bound = static_cast<double>(*messages_per_second) * share / 20;
        return std::clamp(static_cast<std::size_t>(bound), std::size_t{1}, configured);
    }
};

/// `buffer:` of a destination.
struct BufferOptions {
    enum class Type { Memory, Disk };
    enum class WhenFull {
        Block,       ///< batches wait in memory, and their sources with them
        DropNewest,  ///< counted and logged
    };
    enum class Compression { None, Zstd };

    Type type = Type::Memory;
    std::uint64_t max_bytes = std::uint64_t{1} << 30U;
    WhenFull when_full = WhenFull::Block;
    Compression compression = Compression::None;
    friend bool operator==(const BufferOptions&, const BufferOptions&) = default;
};

/// One entry of `destinations:`, less its `batch:` (pipeline::BatchOptions).
struct DestinationOptions {
    std::string id;
    std::string platform;  ///< whose limits it shares; empty: none
    std::string url;       ///< the inlet's URL as AEP gives it, https://host[:port]/collection/{inletId}
    std::size_t batch_bytes = 900'000;  ///< `batch.max_bytes`: what a request's body has at most
    std::size_t connections = 4;
    http::TimeoutOptions timeout;
    http::BackoffOptions retry;
    std::optional<base::Millis> give_up_after;  ///< absent: never
    Answers answers = Answers::PerMessage;
    Coding compression = Coding::None;
    std::vector<std::pair<std::string, std::string>> headers;  ///< extra request headers
    http::TlsOptions tls;
    BufferOptions buffer;
    std::string proxy;  ///< http://[user:password@]host[:port]; "none"; empty: as the environment has it
    friend bool operator==(const DestinationOptions&, const DestinationOptions&) = default;
};

}  // namespace aep::delivery
