#pragma once

#include <cstddef>
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

/// One entry of `destinations:`, less its `batch:` (pipeline::BatchOptions).
struct DestinationOptions {
    std::string id;
    std::string url;  ///< the inlet's URL as AEP gives it, https://host[:port]/collection/{inletId}
    std::size_t connections = 4;
    http::TimeoutOptions timeout;
    http::BackoffOptions retry;
    std::optional<base::Millis> give_up_after;  ///< absent: never
    Answers answers = Answers::PerMessage;
    Coding compression = Coding::None;
    std::vector<std::pair<std::string, std::string>> headers;  ///< extra request headers
    http::TlsOptions tls;
    std::string proxy;  ///< http://[user:password@]host[:port]; "none"; empty: as the environment has it
};

}  // namespace aep::delivery
