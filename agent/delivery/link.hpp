#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "delivery/aftermath.hpp"
#include "delivery/authorization.hpp"
#include "delivery/compression.hpp"
#include "delivery/concurrency.hpp"
#include "delivery/condition_report.hpp"
#include "delivery/exchange.hpp"
#include "delivery/options.hpp"
#include "delivery/request_head.hpp"
#include "delivery/size_bound.hpp"
#include "delivery/traffic.hpp"
#include "delivery/verdict.hpp"
#include "http/tls_context.hpp"
#include "http/url.hpp"

namespace aep::delivery {

/// What leads from a destination to its inlet, as one configuration has it: connections, TLS, tokens, limits,
/// and all that is learned from this inlet's answers. A reload gives the destination another one; requests
/// under way end over the one that they began with. Confined to the destination's thread, but for its making
/// and `report`.
struct Link {
    /// Where it belongs to. All of it outlives the Link.
    struct Place {
        boost::asio::any_io_executor executor;
        DestinationMetrics& metrics;
        SizeBound& size_bound;
        record::DeadLetterSink& dead_letters;
        Traffic& traffic;
        telemetry::Metrics& registry;
        telemetry::Health& health;
        std::function<void()> token_changed;  ///< called on another thread
    };

    /// Fails on a URL, proxy or certificate file that cannot be used.
    [[nodiscard]] static base::Result<std::shared_ptr<Link>> make(DestinationOptions options,
                                                                  std::shared_ptr<http::TokenProvider> tokens,
                                                                  const Place& place);

    Link(DestinationOptions its_options, std::shared_ptr<http::TokenProvider> its_tokens, http::Peer its_peer,
         http::TlsContext context, const Place& place);
    ~Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    [[nodiscard]] std::size_t in_use() const { return connections.size() - idle.size(); }
    [[nodiscard]] bool all_in_use() const { return in_use() >= concurrency.limit(); }
    /// Ends all requests under way.
    void abort();

    const DestinationOptions options;
    const std::shared_ptr<http::TokenProvider> tokens;  ///< null: requests carry none
    const http::Peer peer;
    http::TlsContext tls;
    const RequestHead head;
    Governor* const governor;  ///< null: no limits
    InletTraffic& inlet;
    ConditionReport report;
    http::Backoff backoff;
    Compression compression;
    Authorization authorization;
    Concurrency concurrency;
    Aftermath aftermath;
    Judge judge;
    std::vector<std::unique_ptr<Exchange>> connections;
    std::vector<Exchange*> idle;          ///< the last used is the next, so that few are kept busy
    std::uint64_t accepted_reported = 0;  ///< messages
};

using LinkPtr = std::shared_ptr<Link>;  ///< shared by the destination and the requests under way

}  // namespace aep::delivery
