#include "http/token_provider.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "base/version.hpp"
#include "http/connection.hpp"
#include "http/error.hpp"
#include "http/proxy.hpp"
#include "http/secret.hpp"
#include "http/tls_context.hpp"
#include "telemetry/log.hpp"

namespace aep::http {
namespace {

namespace asio = boost::asio;
namespace log = telemetry::log;
using base::SteadyClock;
using Kind = TokenFailure::Kind;

/// How often a secret's file is looked at while the endpoint refuses the one that was read.
constexpr std::chrono::seconds kLookAtSecret{1};
constexpr TimeoutOptions kTimeouts{};

double unix_time(base::SteadyTime when) {
    const auto wall = base::WallClock::now() +
                      std::chrono::duration_cast<base::WallClock::duration>(when - SteadyClock::now());
    return std::chrono::duration<double>(wall.time_since_epoch()).count();
}

struct Means {
    Peer peer;
    TlsContext tls;
};

base::Result<Means> prepare(const TokenOptions& options) {
    const auto failed = [&options](const base::Error& error) {
        return base::Error{fmt::format("platform '{}': auth: {}", options.platform, error.message),
                           error.code};
    };
    auto url = parse_https_url(options.token_url);
    if (!url) return failed(url.error());
    auto proxy = choose_proxy(options.proxy.value_or(""), *url, process_environment());
    if (!proxy) return failed(proxy.error());
    auto tls = TlsContext::create(options.tls.value_or(TlsOptions{}));
    if (!tls) return failed(tls.error());
    if (auto secret = read_secret(options.client_secret); !secret) return failed(secret.error());
    return Means{Peer{std::move(*url), std::move(*proxy)}, std::move(*tls)};
}

prometheus::Counter& requests(telemetry::Metrics& metrics, const std::string& platform, const char* result) {
    return metrics.counter("aep_agent_token_requests_total", "Requests to the token endpoint.",
                           {{"platform", platform}, {"result", result}});
}

}  // namespace

struct TokenProvider::Impl {
    Impl(TokenOptions given, const Surroundings& surroundings, Peer endpoint, TlsContext context)
        : options{std::move(given)},
          peer{std::move(endpoint)},
          tls{std::move(context)},
          health{surroundings.health},
          expiry{surroundings.metrics.gauge("aep_agent_token_expiry_timestamp_seconds",
                                            "When the access token in force expires; 0 while there is none.",
                                            {{"platform", options.platform}})},
          succeeded{requests(surroundings.metrics, options.platform, "issued")},
          refusals{requests(surroundings.metrics, options.platform, "failed")} {}

    void start();
    void stop();
    asio::awaitable<void> run();
    asio::awaitable<void> wait();
    asio::awaitable<void> fetch();
    asio::awaitable<std::variant<IssuedToken, TokenFailure>> ask(const std::string& secret);
    void take(const IssuedToken& token);
    void take(TokenFailure failure);
    void tell();
    void on_refusal();
    [[nodiscard]] std::string subject() const { return "platform " + options.platform; }

    const TokenOptions options;
    const Peer peer;
    TlsContext tls;
    telemetry::Health& health;
    prometheus::Gauge& expiry;
    prometheus::Counter& succeeded;
    prometheus::Counter& refusals;

    asio::io_context io{1};
    asio::steady_timer timer{io};
    Connection connection{io.get_executor(), peer, tls, kTimeouts};
    std::string last_secret;  ///< that the endpoint was asked with
    bool stopping = false;

    mutable std::mutex mutex;  ///< of the next two
    TokenKeeper keeper{make_random()};
    std::optional<Trouble> trouble;

    std::mutex subscribers_mutex;
    std::map<std::uint64_t, std::function<void()>> subscribers;
    std::uint64_t last_subscription = 0;

    std::thread thread;
};

void TokenProvider::Impl::start() {
    asio::co_spawn(io, run(), [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);  // a broken invariant: ends the process
    });
    thread = std::thread{[this] { io.run(); }};
}

void TokenProvider::Impl::stop() {
    if (!thread.joinable()) return;
    asio::post(io, [this] {
        stopping = true;
        connection.abort();
        timer.cancel();
    });
    thread.join();
}

asio::awaitable<void> TokenProvider::Impl::run() {
    while (!stopping) {
        co_await fetch();
        while (!stopping) {
            co_await wait();
            const std::lock_guard lock{mutex};
            if (keeper.fetch_at() <= SteadyClock::now()) break;
        }
    }
}

/// Until it is time to ask, or someone wakes us, or the secret should be looked at.
asio::awaitable<void> TokenProvider::Impl::wait() {
    bool watch = false;
    {
        const std::lock_guard lock{mutex};
        watch = trouble && trouble->needs_operator && !options.client_secret.file.empty();
        const base::SteadyTime due = keeper.fetch_at();
        timer.expires_at(watch ? std::min(due, SteadyClock::now() + kLookAtSecret) : due);
    }
    const auto [ignored] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)ignored;
    if (stopping || !watch) co_return;
    const base::Result<std::string> secret = read_secret(options.client_secret);
    if (!secret || *secret == last_secret) co_return;
    const std::lock_guard lock{mutex};
    keeper.try_at_once(SteadyClock::now());
}

asio::awaitable<void> TokenProvider::Impl::fetch() {
    const base::Result<std::string> secret = read_secret(options.client_secret);
    if (!secret) {
        take(TokenFailure{Kind::Configuration, secret.error().message});
        co_return;
    }
    last_secret = *secret;
    std::variant<IssuedToken, TokenFailure> answer = co_await ask(last_secret);
    if (stopping) co_return;
    std::visit([this](auto& result) { take(std::move(result)); }, answer);
}

asio::awaitable<std::variant<IssuedToken, TokenFailure>> TokenProvider::Impl::ask(const std::string& secret) {
    const std::string form = token_form(options.client_id, secret, options.scopes);
    const std::string head = fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: aep-agent/{}\r\nAccept: application/json\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        peer.url.target, peer.url.host_header(), base::kVersion, form.size());
    const Request request{head, form};
    const base::Result<Answer> answer = co_await connection.exchange(request);
    if (answer) co_return read_token_answer(*answer, secret, base::WallClock::now());
    const Kind kind = needs_operator(answer.error()) ? Kind::Configuration : Kind::Passing;
    TokenFailure failure{kind, answer.error().message};
    co_return failure;
}

void TokenProvider::Impl::take(const IssuedToken& token) {
    const base::SteadyTime now = SteadyClock::now();
    bool recovered = false;
    {
        const std::lock_guard lock{mutex};
        keeper.issued(token, now);
        recovered = std::exchange(trouble, std::nullopt).has_value();
    }
    expiry.Set(unix_time(now + token.lifetime));
    succeeded.Increment();
    health.clear_trouble(subject());
    log::debug("token_issued", "the token endpoint gave an access token",
               {{"platform", options.platform}, {"lifetime", base::format_duration(token.lifetime)}});
    if (recovered) log::info("token_recovered", "there is an access token", {{"platform", options.platform}});
    tell();
}

void TokenProvider::Impl::take(TokenFailure failure) {
    const bool needs_operator = failure.kind == Kind::Configuration;
    const std::string words = fmt::format("{}: {}", options.token_url, failure.words);
    bool has_token = false;
    {
        const std::lock_guard lock{mutex};
        keeper.failed(failure, SteadyClock::now());
        trouble = Trouble{words, needs_operator};
        has_token = keeper.token(SteadyClock::now()) != nullptr;
    }
    refusals.Increment();
    if (!has_token) {
        expiry.Set(0);
        health.set_trouble(subject(), needs_operator ? "auth" : "token_unavailable");
    }
    if (needs_operator) {
        log::error("token_refused", "no access token until an operator sees to it",
                   {{"platform", options.platform}, {"error", words}});
    } else {
        log::warn("token_unavailable", "trying again", {{"platform", options.platform}, {"error", words}});
    }
    tell();
}

/// A token was dropped.
void TokenProvider::Impl::on_refusal() {
    timer.cancel();
    const std::lock_guard lock{mutex};
    if (!keeper.token(SteadyClock::now())) expiry.Set(0);
}

void TokenProvider::Impl::tell() {
    const std::lock_guard lock{subscribers_mutex};
    for (const auto& [number, changed] : subscribers) changed();
}

TokenProvider::TokenProvider(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

base::Result<std::unique_ptr<TokenProvider>> TokenProvider::create(TokenOptions options,
                                                                   const Surroundings& surroundings) {
    auto means = prepare(options);
    if (!means) return means.error();
    auto impl = std::make_unique<Impl>(std::move(options), surroundings, std::move(means->peer),
                                       std::move(means->tls));
    impl->start();
    return std::unique_ptr<TokenProvider>{new TokenProvider{std::move(impl)}};
}

base::Result<void> TokenProvider::check(const TokenOptions& options) {
    if (const auto means = prepare(options); !means) return means.error();
    return {};
}

TokenProvider::~TokenProvider() {
    impl_->stop();
    if (impl_->trouble) impl_->health.clear_trouble(impl_->subject());
}

TokenPtr TokenProvider::token() const {
    const std::lock_guard lock{impl_->mutex};
    return impl_->keeper.token(SteadyClock::now());
}

bool TokenProvider::refused(const TokenPtr& used) {
    {
        const std::lock_guard lock{impl_->mutex};
        if (!impl_->keeper.refused(used, SteadyClock::now())) return false;
    }
    asio::post(impl_->io, [impl = impl_.get()] { impl->on_refusal(); });
    return true;
}

std::optional<TokenProvider::Trouble> TokenProvider::trouble() const {
    const std::lock_guard lock{impl_->mutex};
    return impl_->trouble;
}

std::uint64_t TokenProvider::subscribe(std::function<void()> changed) {
    const std::lock_guard lock{impl_->subscribers_mutex};
    impl_->subscribers[++impl_->last_subscription] = std::move(changed);
    return impl_->last_subscription;
}

void TokenProvider::unsubscribe(std::uint64_t subscription) {
    const std::lock_guard lock{impl_->subscribers_mutex};
    impl_->subscribers.erase(subscription);
}

}  // namespace aep::http
