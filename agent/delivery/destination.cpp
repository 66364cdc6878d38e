#include "delivery/destination.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "delivery/aftermath.hpp"
#include "delivery/authorization.hpp"
#include "delivery/compression.hpp"
#include "delivery/exchange.hpp"
#include "delivery/request_head.hpp"
#include "http/error.hpp"
#include "http/retry_after.hpp"
#include "http/tls_context.hpp"
#include "http/url.hpp"
#include "telemetry/log.hpp"

namespace aep::delivery {
namespace {

namespace asio = boost::asio;
namespace log = telemetry::log;
using base::SteadyClock;

/// Work that was submitted and has not met its fate yet, for those who wait for its end. Guarded.
class Outstanding {
  public:
    void change(std::ptrdiff_t by) {
        const std::lock_guard lock{mutex_};
        count_ += by;
        if (count_ == 0) none_.notify_all();
    }
    [[nodiscard]] bool wait_for_none(std::chrono::milliseconds timeout) {
        std::unique_lock lock{mutex_};
        return none_.wait_for(lock, timeout, [this] { return count_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable none_;
    std::ptrdiff_t count_ = 0;
};

/// A coroutine that throws has met a broken invariant: going on could only lose records silently.
void end_process_on(const std::exception_ptr& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        log::error("internal_error", "delivery failed; please report this", {{"what", error.what()}});
    } catch (...) {
        log::error("internal_error", "delivery failed; please report this");
    }
    log::flush();
    std::_Exit(70);
}

}  // namespace

/// The thread's side. Everything but `inbox`, `outstanding`, `report`, `size_bound` and the counters is
/// confined to that thread.
///
/// One coroutine, dispatch(), decides what leaves and when: it takes a job where a connection is free, the
/// gate is open and a job is due, waits for the job's slot within the limits, and hands it to the connection.
struct Destination::Impl {
    Impl(DestinationOptions destination_options, const Surroundings& surroundings, http::Peer inlet_peer,
         http::TlsContext context)
        : options{std::move(destination_options)},
          peer{std::move(inlet_peer)},
          tls{std::move(context)},
          head{peer.url, options.headers},
          governor{surroundings.traffic.governor(options.platform)},
          inlet{surroundings.traffic.inlet(peer.url)},
          metrics{surroundings.metrics, options.id},
          report{options, surroundings.metrics, surroundings.health},
          backoff{options.retry, http::make_random()},
          compression{options},
          authorization{surroundings.tokens, [this] { asio::post(io, [this] { wake(); }); }},
          concurrency{options.connections},
          size_bound{options.batch_bytes},
          aftermath{{.options = options,
                     .inlet = inlet,
                     .concurrency = concurrency,
                     .size_bound = size_bound,
                     .backoff = backoff,
                     .metrics = metrics,
                     .report = report,
                     .dead_letters = surroundings.dead_letters}},
          judge{options.answers},
          receipts{surroundings.receipts} {}

    void start();
    void take_in();
    asio::awaitable<void> dispatch();
    asio::awaitable<void> wait_until(base::SteadyTime time);
    asio::awaitable<bool> wait_for_slot(const Job& job);
    asio::awaitable<void> send(Exchange& exchange, Job job);
    [[nodiscard]] std::optional<Job> next_job();
    [[nodiscard]] base::SteadyTime look_again_at() const;
    [[nodiscard]] Job within_bound(Job job);
    [[nodiscard]] Job as_probe(Job job);
    void put_back(JobQueue::Turn turn, std::vector<Job> again);
    void finish(JobQueue::Turn turn, std::vector<Job> again);
    void wake() { news.cancel(); }

    const DestinationOptions options;
    const http::Peer peer;
    http::TlsContext tls;
    const RequestHead head;

    asio::io_context io{1};
    asio::steady_timer news{io};  ///< what dispatch() waits on
    Governor* const governor;     ///< null: no limits
    InletTraffic& inlet;
    DestinationMetrics metrics;
    ConditionReport report;
    http::Backoff backoff;
    Compression compression;
    Authorization authorization;
    Concurrency concurrency;
    SizeBound size_bound;
    Aftermath aftermath;
    Judge judge;
    ReceiptWriter* const receipts;
    JobQueue queue;
    std::vector<std::unique_ptr<Exchange>> connections;
    std::vector<Exchange*> idle;  ///< the last used is the next, so that few are kept busy
    bool stopping = false;

    std::mutex inbox_mutex;
    std::vector<record::BatchPtr> inbox;
    Outstanding outstanding;
    std::atomic<std::uint64_t> accepted{0};  ///< written by the thread, read by state()
    std::atomic<bool> gave_up{false};        ///< likewise
    std::thread thread;
};

void Destination::Impl::start() {
    for (std::size_t i = 0; i < options.connections; ++i) {
        connections.push_back(std::make_unique<Exchange>(io.get_executor(), peer, tls, options.timeout, head,
                                                         compression, metrics));
        idle.push_back(connections.back().get());
    }
    metrics.connections.Set(static_cast<double>(concurrency.limit()));
    asio::co_spawn(io, dispatch(), end_process_on);
    thread = std::thread{[this] { io.run(); }};
}

void Destination::Impl::take_in() {
    std::vector<record::BatchPtr> batches;
    {
        const std::lock_guard lock{inbox_mutex};
        batches.swap(inbox);
    }
    for (record::BatchPtr& batch : batches) queue.push(Job{std::move(batch)});
    metrics.queued.Set(static_cast<double>(queue.size()));
    wake();
}

asio::awaitable<void> Destination::Impl::dispatch() {
    while (!stopping) {
        std::optional<Job> job = next_job();
        if (!job) {
            co_await wait_until(look_again_at());
            continue;
        }
        const bool may_leave = co_await wait_for_slot(*job);
        if (stopping) break;  // the batch stays unsettled
        if (!may_leave) {
            const JobQueue::Turn turn = JobQueue::turn_of(*job->batch);
            inlet.gate.leave(job->pass);
            std::vector<Job> again;
            again.push_back(std::move(*job));
            put_back(turn, std::move(again));
            continue;
        }
        Exchange& exchange = *idle.back();
        idle.pop_back();
        asio::co_spawn(io, send(exchange, std::move(*job)), end_process_on);
    }
}

/// The next job that may leave now, where a connection is free for it.
std::optional<Job> Destination::Impl::next_job() {
    const std::size_t in_use = connections.size() - idle.size();
    if (in_use >= concurrency.limit() || queue.size() == 0) return std::nullopt;
    if (!authorization.ready()) {
        authorization.report_wait(report);
        return std::nullopt;
    }
    const base::SteadyTime now = SteadyClock::now();
    const Gate::Pass pass = inlet.gate.enter(now);
    if (pass == Gate::Pass::None) return std::nullopt;
    std::optional<Job> job = queue.take(now);
    if (!job) {
        inlet.gate.leave(pass);
        return std::nullopt;
    }
    job->pass = pass;
    return pass == Gate::Pass::Probe ? as_probe(std::move(*job)) : within_bound(std::move(*job));
}

/// When next_job() may have something that no event announces.
base::SteadyTime Destination::Impl::look_again_at() const {
    const bool all_in_use = connections.size() - idle.size() >= concurrency.limit();
    // The coming of a token wakes dispatch().
    if (all_in_use || queue.size() == 0 || !authorization.ready()) return base::SteadyTime::max();
    const base::SteadyTime now = SteadyClock::now();
    // A probe of another destination to the same inlet is over soon, and nobody says so.
    constexpr std::chrono::milliseconds kProbed{50};
    base::SteadyTime open = inlet.gate.resume_at();
    if (open == base::SteadyTime::max()) open = now + kProbed;
    return std::max({queue.next_due(), open, now + std::chrono::milliseconds{1}});
}

asio::awaitable<void> Destination::Impl::wait_until(base::SteadyTime time) {
    news.expires_at(time);
    const auto [ignored] = co_await news.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)ignored;
}

/// False: the gate has closed meanwhile.
asio::awaitable<bool> Destination::Impl::wait_for_slot(const Job& job) {
    const base::SteadyTime now = SteadyClock::now();
    const std::size_t messages = job.batch->messages.size();
    Slot slot{.at = now, .by = {}};
    if (governor != nullptr) slot = governor->reserve(messages, now);
    const Slot learned = inlet.pace.reserve(messages, slot.at);
    if (!learned.by.empty()) slot = learned;
    if (slot.at <= now) co_return true;
    metrics.throttled(slot.by, slot.at - now);
    while (SteadyClock::now() < slot.at && !stopping) co_await wait_until(slot.at);
    co_return inlet.gate.still_open(job.pass, SteadyClock::now());
}

/// What was sealed before the inlet said 413 may be larger than what it takes: then it is halved first.
Job Destination::Impl::within_bound(Job job) {
    const Gate::Pass pass = job.pass;
    while (job.batch->body().size() > size_bound.bytes() && job.batch->messages.size() > 1) {
        std::vector<Job> halves = halves_of(job);
        outstanding.change(1);
        queue.push_front(std::move(halves.back()));
        job = std::move(halves.front());
    }
    job.pass = pass;
    return job;
}

/// A probe is small: it is likely to be in vain, and counts against limits that other destinations share.
Job Destination::Impl::as_probe(Job job) {
    constexpr std::uint32_t kMessages = 10;
    const auto count = static_cast<std::uint32_t>(job.batch->messages.size());
    if (count <= kMessages) return job;
    std::vector<std::uint32_t> first(kMessages);
    std::vector<std::uint32_t> rest(count - kMessages);
    std::iota(first.begin(), first.end(), 0U);
    std::iota(rest.begin(), rest.end(), kMessages);
    Job probe = part_of(job, first);
    probe.pass = job.pass;
    outstanding.change(1);
    queue.push_front(part_of(job, rest));
    return probe;
}

asio::awaitable<void> Destination::Impl::send(Exchange& exchange, Job job) {
    const JobQueue::Turn turn = JobQueue::turn_of(*job.batch);
    const bool all_used = connections.size() - idle.size() >= concurrency.limit();
    job.left_at = SteadyClock::now();
    if (job.first_tried == base::SteadyTime{}) job.first_tried = job.left_at;
    std::vector<Job> again;
    const http::TokenPtr token = authorization.token();
    if (!token && authorization.is_required()) {  // it has expired since next_job()
        idle.push_back(&exchange);
        inlet.gate.leave(job.pass);
        again.push_back(std::move(job));
        finish(turn, std::move(again));
        co_return;
    }
    const base::Result<http::Answer> answer = co_await exchange.send(job, token);
    if (stopping) co_return;  // the batch stays unsettled
    idle.push_back(&exchange);
    if (answer && answer->status / 100 == 2) {
        concurrency.answered(job.batch->body().size(), all_used, job.left_at, SteadyClock::now());
    }
    if (answer && answer->status / 100 == 2 && receipts != nullptr) {
        receipts->put(*job.batch, options.id, *answer, job.attempts);
    }
    if (answer && authorization.is_to_be_renewed(token, *answer)) {
        inlet.gate.leave(job.pass);  // nothing was learnt of the inlet
        again.push_back(std::move(job));
    } else if (answer) {
        const Verdict verdict = judge.judge(*answer, job.batch->messages.size());
        const auto asked = answer->retry_after
                               ? http::parse_retry_after(*answer->retry_after, base::WallClock::now())
                               : std::nullopt;
        again = aftermath.apply(std::move(job), verdict, asked.value_or(base::Millis{0}));
    } else {
        again = aftermath.apply_failure(std::move(job), answer.error());
    }
    finish(turn, std::move(again));
}

void Destination::Impl::put_back(JobQueue::Turn turn, std::vector<Job> again) {
    queue.done(turn, std::move(again));
    metrics.queued.Set(static_cast<double>(queue.size()));
}

void Destination::Impl::finish(JobQueue::Turn turn, std::vector<Job> again) {
    accepted = aftermath.accepted();
    gave_up = aftermath.gave_up();
    metrics.connections.Set(static_cast<double>(concurrency.limit()));
    const std::ptrdiff_t change = std::ssize(again) - 1;
    put_back(turn, std::move(again));
    wake();
    outstanding.change(change);
}

Destination::Destination(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

base::Result<std::unique_ptr<Destination>> Destination::create(DestinationOptions options,
                                                               const Surroundings& surroundings) {
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
    auto impl = std::make_unique<Impl>(std::move(options), surroundings, std::move(peer), std::move(*tls));
    impl->start();
    return std::unique_ptr<Destination>{new Destination{std::move(impl)}};
}

Destination::~Destination() {
    stop();
}

void Destination::submit(record::BatchPtr batch) {
    impl_->outstanding.change(1);
    bool first = false;
    {
        const std::lock_guard lock{impl_->inbox_mutex};
        first = impl_->inbox.empty();
        impl_->inbox.push_back(std::move(batch));
    }
    if (first) asio::post(impl_->io, [impl = impl_.get()] { impl->take_in(); });
}

std::size_t Destination::body_bound() const {
    return impl_->size_bound.bytes();
}

bool Destination::drain(std::chrono::milliseconds timeout) {
    return impl_->outstanding.wait_for_none(timeout);
}

void Destination::stop() {
    if (!impl_->thread.joinable()) return;
    asio::post(impl_->io, [impl = impl_.get()] {
        impl->stopping = true;
        for (const auto& connection : impl->connections) connection->abort();
        impl->wake();
    });
    impl_->thread.join();
}

Destination::State Destination::state() const {
    return {.accepted = impl_->accepted,
            .sent = static_cast<std::uint64_t>(impl_->metrics.sent.Value()),
            .held = impl_->report.is_held(),
            .trouble = impl_->report.trouble(),
            .gave_up = impl_->gave_up};
}

}  // namespace aep::delivery
