#include "delivery/link.hpp"

#include <utility>

#include "http/proxy.hpp"

namespace aep::delivery {

base::Result<std::shared_ptr<Link>> Link::make(DestinationOptions options,
                                               std::shared_ptr<http::TokenProvider> tokens,
                                               const Place& place) {
    const std::string id = options.id;
    const auto failed = [&id](const base::Error& error) {
        return base::Error{"destination '" + id + "': " + error.message, error.code};
    };
    auto url = http::parse_https_url(options.url);
    if (!url) return failed(url.error());
    auto proxy = http::choose_proxy(options.proxy, *url, http::process_environment());
    if (!proxy) return failed(proxy.error());
    auto tls = http::TlsContext::create(options.tls);
    if (!tls) return failed(tls.error());
    http::Peer peer{std::move(*url), std::move(*proxy)};
    return base::ok(std::make_shared<Link>(std::move(options), std::move(tokens), std::move(peer),
                                           std::move(*tls), place));
}

Link::Link(DestinationOptions its_options, std::shared_ptr<http::TokenProvider> its_tokens,
           http::Peer its_peer, http::TlsContext context, const Place& place)
    : options{std::move(its_options)},
      tokens{std::move(its_tokens)},
      peer{std::move(its_peer)},
      tls{std::move(context)},
      head{peer.url, options.headers},
      governor{place.traffic.governor(options.platform)},
      inlet{place.traffic.inlet(peer.url)},
      report{options, place.registry, place.health},
      backoff{options.retry, http::make_random()},
      compression{options},
      authorization{tokens.get(), place.token_changed},
      concurrency{options.connections},
      aftermath{{.options = options,
                 .inlet = inlet,
                 .concurrency = concurrency,
                 .size_bound = place.size_bound,
                 .backoff = backoff,
                 .metrics = place.metrics,
                 .report = report,
                 .dead_letters = place.dead_letters}},
      judge{options.answers} {
    for (std::size_t i = 0; i < options.connections; ++i) {
        connections.push_back(std::make_unique<Exchange>(place.executor, peer, tls, options.timeout, head,
                                                         compression, place.metrics));
        idle.push_back(connections.back().get());
    }
}

void Link::abort() {
    for (const auto& connection : connections) connection->abort();
}

}  // namespace aep::delivery
