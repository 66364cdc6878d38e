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

/// The thread's side. Everything but `inbox`, `outstanding`, `report` and the counters is confined to that
/// thread.
struct Destination::Impl {
    Impl(DestinationOptions destination_options, const Surroundings& surroundings, http::Peer inlet,
         http::TlsContext context)
        : options{std::move(destination_options)},
          peer{std::move(inlet)},
          tls{std::move(context)},
          head{peer.url, options.headers},
          metrics{surroundings.metrics, options.id},
          report{options, surroundings.metrics, surroundings.health},
          backoff{options.retry, http::make_random()},
          compression{options},
          authorization{surroundings.tokens, [this] { asio::post(io, [this] { wake_all(); }); }},
          gate{backoff},
          aftermath{options, gate, backoff, metrics, report, surroundings.dead_letters},
          judge{options.answers} {}

    /// One connection and the timer that its coroutine waits on.
    struct Sender {
        explicit Sender(Impl& impl)
            : exchange{impl.io.get_executor(), impl.peer,   impl.tls, impl.options.timeout, impl.head,
                       impl.compression,       impl.metrics},
              timer{impl.io.get_executor()} {}
        Exchange exchange;
        asio::steady_timer timer;
    };

    void start();
    void take_in();
    asio::awaitable<void> send_all(Sender& sender);
    asio::awaitable<void> send(Sender& sender, Job job);
    asio::awaitable<void> wait(Sender& sender);
    [[nodiscard]] std::optional<Job> next_job();
    void finish(std::uint64_t lane, std::vector<Job> again);
    void wake_all();

    const DestinationOptions options;
    const http::Peer peer;
    http::TlsContext tls;
    const RequestHead head;

    asio::io_context io{1};
    DestinationMetrics metrics;
    ConditionReport report;
    http::Backoff backoff;
    Compression compression;
    Authorization authorization;
    Gate gate;
    Aftermath aftermath;
    Judge judge;
    JobQueue queue;
    std::vector<std::unique_ptr<Sender>> senders;
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
        senders.push_back(std::make_unique<Sender>(*this));
        asio::co_spawn(io, send_all(*senders.back()), end_process_on);
    }
    thread = std::thread{[this] { io.run(); }};
}

void Destination::Impl::wake_all() {
    for (const auto& sender : senders) sender->timer.cancel();
}

void Destination::Impl::take_in() {
    std::vector<record::BatchPtr> batches;
    {
        const std::lock_guard lock{inbox_mutex};
        batches.swap(inbox);
    }
    for (record::BatchPtr& batch : batches) queue.push(Job{std::move(batch)});
    metrics.queued.Set(static_cast<double>(queue.size()));
    wake_all();
}

std::optional<Job> Destination::Impl::next_job() {
    const base::SteadyTime now = SteadyClock::now();
    if (!authorization.ready()) {
        if (queue.size() > 0) authorization.report_wait(report);
        return std::nullopt;
    }
    if (!gate.enter(now)) return std::nullopt;
    std::optional<Job> job = queue.take(now);
    if (!job) gate.leave();
    return job;
}

asio::awaitable<void> Destination::Impl::send_all(Sender& sender) {
    while (!stopping) {
        std::optional<Job> job = next_job();
        if (job) {
            co_await send(sender, std::move(*job));
        } else {
            co_await wait(sender);
        }
    }
}

asio::awaitable<void> Destination::Impl::wait(Sender& sender) {
    // Without a token there is nothing to wait for but its coming, which wakes this one.
    const bool idle = queue.size() == 0 || !authorization.ready();
    const base::SteadyTime due = idle ? base::SteadyTime::max() : queue.next_due();
    const base::SteadyTime open = gate.is_open() ? base::SteadyTime::min() : gate.resume_at();
    // At least a little: what is due already waits for another sender's lane or probe, which wakes this one.
    const base::SteadyTime soonest = SteadyClock::now() + std::chrono::milliseconds{1};
    sender.timer.expires_at(std::max({due, open, soonest}));
    const auto [ignored] = co_await sender.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)ignored;
}

asio::awaitable<void> Destination::Impl::send(Sender& sender, Job job) {
    const record::Batch& batch = *job.batch;
    const std::uint64_t lane = batch.lane;
    if (job.first_tried == base::SteadyTime{}) job.first_tried = SteadyClock::now();
    const http::TokenPtr token = authorization.token();
    const base::Result<http::Answer> answer = co_await sender.exchange.send(job, token);
    if (stopping) co_return;  // the batch stays unsettled

    std::vector<Job> again;
    if (answer && authorization.is_to_be_renewed(token, *answer)) {
        gate.leave();  // nothing was learnt of the inlet
        again.push_back(std::move(job));
    } else if (answer) {
        const Verdict verdict = judge.judge(*answer, batch.messages.size());
        const auto asked = answer->retry_after
                               ? http::parse_retry_after(*answer->retry_after, base::WallClock::now())
                               : std::nullopt;
        again = aftermath.apply(std::move(job), verdict, asked.value_or(base::Millis{0}));
    } else {
        again = aftermath.apply_failure(std::move(job), answer.error());
    }
    finish(lane, std::move(again));
}

void Destination::Impl::finish(std::uint64_t lane, std::vector<Job> again) {
    accepted = aftermath.accepted();
    gave_up = aftermath.gave_up();
    const std::ptrdiff_t change = std::ssize(again) - 1;
    queue.done(lane, std::move(again));
    metrics.queued.Set(static_cast<double>(queue.size()));
    wake_all();
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

bool Destination::drain(std::chrono::milliseconds timeout) {
    return impl_->outstanding.wait_for_none(timeout);
}

void Destination::stop() {
    if (!impl_->thread.joinable()) return;
    asio::post(impl_->io, [impl = impl_.get()] {
        impl->stopping = true;
        for (const auto& sender : impl->senders) sender->exchange.abort();
        impl->wake_all();
    });
    impl_->thread.join();
}

Destination::State Destination::state() const {
    return {.accepted = impl_->accepted,
            .held = impl_->report.is_held(),
            .trouble = impl_->report.trouble(),
            .gave_up = impl_->gave_up};
}

}  // namespace aep::delivery
