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
#include <future>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "delivery/job_queue.hpp"
#include "delivery/link.hpp"
#include "http/retry_after.hpp"
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

/// The thread's side. Everything but `inbox`, `outstanding`, `size_bound`, the counters and the pointer to
/// the link is confined to that thread.
///
/// One coroutine, dispatch(), decides what leaves and when: it takes a job where a connection is free, the
/// gate is open and a job is due, waits for the job's slot within the limits, and hands it to the connection.
struct Destination::Impl {
    Impl(const DestinationOptions& options, const Surroundings& given)
        : id{options.id},
          surroundings{given},
          metrics{given.metrics, options.id},
          size_bound{options.batch_bytes} {}

    [[nodiscard]] base::Result<LinkPtr> make_link(DestinationOptions options, Tokens tokens);
    [[nodiscard]] LinkPtr link() const {
        const std::lock_guard lock{link_mutex};
        return current;
    }
    void start(LinkPtr first);
    void take_in();
    void replace(LinkPtr next);
    asio::awaitable<void> dispatch();
    asio::awaitable<void> wait_until(base::SteadyTime time);
    asio::awaitable<bool> wait_for_slot(const LinkPtr& on, const Job& job);
    asio::awaitable<void> send(LinkPtr on, Exchange& exchange, Job job);
    [[nodiscard]] std::optional<Job> next_job(Link& on);
    [[nodiscard]] base::SteadyTime look_again_at() const;
    [[nodiscard]] Job within_bound(Job job);
    [[nodiscard]] Job as_probe(Job job);
    void put_back(JobQueue::Turn turn, std::vector<Job> again);
    void finish(Link& on, JobQueue::Turn turn, std::vector<Job> again);
    void wake() { news.cancel(); }

    const std::string id;
    const Surroundings surroundings;
    asio::io_context io{1};
    asio::steady_timer news{io};  ///< what dispatch() waits on
    DestinationMetrics metrics;
    SizeBound size_bound;
    JobQueue queue;
    std::set<const record::Batch*> under_way;  ///< taken from the queue
    mutable std::mutex link_mutex;             ///< of the pointer; changed by the thread alone
    LinkPtr current;
    std::vector<std::weak_ptr<Link>> replaced;  ///< those that may have requests under way
    bool stopping = false;

    std::mutex inbox_mutex;
    std::vector<record::BatchPtr> inbox;
    Outstanding outstanding;
    std::atomic<std::uint64_t> accepted{0};  ///< written by the thread, read by state()
    std::atomic<bool> gave_up{false};        ///< likewise
    std::thread thread;
};

base::Result<LinkPtr> Destination::Impl::make_link(DestinationOptions options, Tokens tokens) {
    return Link::make(std::move(options), std::move(tokens),
                      {.executor = io.get_executor(),
                       .metrics = metrics,
                       .size_bound = size_bound,
                       .dead_letters = surroundings.dead_letters,
                       .traffic = surroundings.traffic,
                       .registry = surroundings.metrics,
                       .health = surroundings.health,
                       .token_changed = [this] { asio::post(io, [this] { wake(); }); }});
}

void Destination::Impl::start(LinkPtr first) {
    current = std::move(first);
    metrics.connections.Set(static_cast<double>(current->concurrency.limit()));
    asio::co_spawn(io, dispatch(), end_process_on);
    thread = std::thread{[this] { io.run(); }};
}

void Destination::Impl::replace(LinkPtr next) {
    next->inlet.gate.hurry();
    size_bound.reset(next->options.batch_bytes);
    queue.hurry();
    {
        const std::lock_guard lock{link_mutex};
        current.swap(next);
    }
    next->report.retire();
    std::erase_if(replaced, [](const auto& one) { return one.expired(); });
    replaced.push_back(next);
    metrics.connections.Set(static_cast<double>(current->concurrency.limit()));
    wake();
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
        const LinkPtr on = current;
        std::optional<Job> job = next_job(*on);
        if (!job) {
            co_await wait_until(look_again_at());
            continue;
        }
        const record::Batch* const taken = job->batch.get();
        under_way.insert(taken);
        const bool may_leave = co_await wait_for_slot(on, *job);
        if (stopping) {  // the batch stays unsettled; others may share the gate
            on->inlet.gate.leave(job->pass);
            break;
        }
        if (!may_leave) {
            const JobQueue::Turn turn = JobQueue::turn_of(*job->batch);
            on->inlet.gate.leave(job->pass);
            std::vector<Job> again;
            again.push_back(std::move(*job));
            under_way.erase(taken);
            put_back(turn, std::move(again));
            continue;
        }
        Exchange& exchange = *on->idle.back();
        on->idle.pop_back();
        asio::co_spawn(io, send(on, exchange, std::move(*job)), end_process_on);
    }
}

/// The next job that may leave now, where a connection is free for it.
std::optional<Job> Destination::Impl::next_job(Link& on) {
    if (on.all_in_use() || queue.size() == 0) return std::nullopt;
    if (!on.authorization.ready()) {
        on.authorization.report_wait(on.report);
        return std::nullopt;
    }
    const base::SteadyTime now = SteadyClock::now();
    const Gate::Pass pass = on.inlet.gate.enter(now);
    if (pass == Gate::Pass::None) return std::nullopt;
    std::optional<Job> job = queue.take(now);
    if (!job) {
        on.inlet.gate.leave(pass);
        return std::nullopt;
    }
    job->pass = pass;
    return pass == Gate::Pass::Probe ? as_probe(std::move(*job)) : within_bound(std::move(*job));
}

/// When next_job() may have something that no event announces.
base::SteadyTime Destination::Impl::look_again_at() const {
    // The coming of a token wakes dispatch().
    if (current->all_in_use() || queue.size() == 0 || !current->authorization.ready())
        return base::SteadyTime::max();
    const base::SteadyTime now = SteadyClock::now();
    // A probe of another destination to the same inlet is over soon, and nobody says so.
    constexpr std::chrono::milliseconds kProbed{50};
    base::SteadyTime open = current->inlet.gate.resume_at();
    if (open == base::SteadyTime::max()) open = now + kProbed;
    return std::max({queue.next_due(), open, now + std::chrono::milliseconds{1}});
}

asio::awaitable<void> Destination::Impl::wait_until(base::SteadyTime time) {
    news.expires_at(time);
    const auto [ignored] = co_await news.async_wait(asio::as_tuple(asio::use_awaitable));
    (void)ignored;
}

/// False: the gate has closed meanwhile, or there is another link.
asio::awaitable<bool> Destination::Impl::wait_for_slot(const LinkPtr& on, const Job& job) {
    const base::SteadyTime now = SteadyClock::now();
    const std::size_t messages = job.batch->messages.size();
    Slot slot{.at = now, .by = {}};
    if (on->governor != nullptr) slot = on->governor->reserve(messages, now);
    const Slot learned = on->inlet.pace.reserve(messages, slot.at);
    if (!learned.by.empty()) slot = learned;
    if (slot.at <= now) co_return true;
    metrics.throttled(slot.by, slot.at - now);
    while (SteadyClock::now() < slot.at && !stopping && on == current) co_await wait_until(slot.at);
    co_return on == current && on->inlet.gate.still_open(job.pass, SteadyClock::now());
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

asio::awaitable<void> Destination::Impl::send(LinkPtr on, Exchange& exchange, Job job) {
    const JobQueue::Turn turn = JobQueue::turn_of(*job.batch);
    const bool all_used = on->all_in_use();
    job.left_at = SteadyClock::now();
    if (job.first_tried == base::SteadyTime{}) job.first_tried = job.left_at;
    std::vector<Job> again;
    const http::TokenPtr token = on->authorization.token();
    if (!token && on->authorization.is_required()) {  // it has expired since next_job()
        on->idle.push_back(&exchange);
        on->inlet.gate.leave(job.pass);
        under_way.erase(job.batch.get());
        again.push_back(std::move(job));
        finish(*on, turn, std::move(again));
        co_return;
    }
    const base::Result<http::Answer> answer = co_await exchange.send(job, token);
    if (stopping) {  // the batch stays unsettled; others may share the gate
        on->inlet.gate.leave(job.pass);
        co_return;
    }
    on->idle.push_back(&exchange);
    under_way.erase(job.batch.get());
    if (answer && answer->status / 100 == 2) {
        on->concurrency.answered(job.batch->body().size(), all_used, job.left_at, SteadyClock::now());
        if (surroundings.receipts != nullptr) {
            surroundings.receipts->put(*job.batch, id, *answer, job.attempts);
        }
    }
    if (answer && on->authorization.is_to_be_renewed(token, *answer)) {
        on->inlet.gate.leave(job.pass);  // nothing was learnt of the inlet
        again.push_back(std::move(job));
    } else if (answer) {
        const Verdict verdict = on->judge.judge(*answer, job.batch->messages.size());
        const auto asked = answer->retry_after
                               ? http::parse_retry_after(*answer->retry_after, base::WallClock::now())
                               : std::nullopt;
        again = on->aftermath.apply(std::move(job), verdict, asked.value_or(base::Millis{0}));
    } else {
        again = on->aftermath.apply_failure(std::move(job), answer.error());
    }
    finish(*on, turn, std::move(again));
}

void Destination::Impl::put_back(JobQueue::Turn turn, std::vector<Job> again) {
    queue.done(turn, std::move(again));
    metrics.queued.Set(static_cast<double>(queue.size()));
}

void Destination::Impl::finish(Link& on, JobQueue::Turn turn, std::vector<Job> again) {
    accepted += on.aftermath.accepted() - on.accepted_reported;
    on.accepted_reported = on.aftermath.accepted();
    gave_up = gave_up || on.aftermath.gave_up();
    metrics.connections.Set(static_cast<double>(current->concurrency.limit()));
    if (&on != current.get()) {
        for (Job& job : again) job.not_before = {};  // it waited for another inlet
    }
    const std::ptrdiff_t change = std::ssize(again) - 1;
    put_back(turn, std::move(again));
    wake();
    outstanding.change(change);
}

Destination::Destination(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

base::Result<std::unique_ptr<Destination>> Destination::create(DestinationOptions options,
                                                               const Surroundings& surroundings,
                                                               Tokens tokens) {
    auto impl = std::make_unique<Impl>(options, surroundings);
    auto link = impl->make_link(std::move(options), std::move(tokens));
    if (!link) return link.error();
    impl->start(std::move(*link));
    return std::unique_ptr<Destination>{new Destination{std::move(impl)}};
}

Destination::~Destination() {
    stop();
    impl_->current->report.retire();
    impl_->metrics.queued.Set(0);
    impl_->metrics.connections.Set(0);
}

base::Result<std::shared_ptr<Link>> Destination::prepare(DestinationOptions options, Tokens tokens) {
    return impl_->make_link(std::move(options), std::move(tokens));
}

void Destination::adopt(std::shared_ptr<Link> link) {
    asio::post(impl_->io,
               [impl = impl_.get(), link = std::move(link)]() mutable { impl->replace(std::move(link)); });
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

namespace {

void add(std::map<std::string, Destination::Unsettled>& sum, const record::Batch& batch) {
    for (const record::Message& message : batch.messages) {
        const record::Origin& origin = *batch.tickets[message.ticket].ledger->origin();
        const auto [found, is_new] = sum.try_emplace(origin.source);
        Destination::Unsettled& unsettled = found->second;
        unsettled.is_file = origin.is_file && (is_new || unsettled.is_file);
        ++unsettled.messages;
    }
}

}  // namespace

std::map<std::string, Destination::Unsettled> Destination::unsettled() const {
    std::promise<std::map<std::string, Unsettled>> found;
    asio::post(impl_->io, [impl = impl_.get(), &found] {
        std::map<std::string, Unsettled> sum;
        const auto add_one = [&sum](const record::Batch& batch) { add(sum, batch); };
        impl->queue.for_each(add_one);
        for (const record::Batch* batch : impl->under_way) add_one(*batch);
        const std::lock_guard lock{impl->inbox_mutex};
        for (const record::BatchPtr& batch : impl->inbox) add_one(*batch);
        found.set_value(std::move(sum));
    });
    return found.get_future().get();
}

bool Destination::drain(std::chrono::milliseconds timeout) {
    return impl_->outstanding.wait_for_none(timeout);
}

void Destination::stop() {
    if (!impl_->thread.joinable()) return;
    asio::post(impl_->io, [impl = impl_.get()] {
        impl->stopping = true;
        impl->current->abort();
        for (const auto& replaced : impl->replaced) {
            if (const LinkPtr link = replaced.lock()) link->abort();
        }
        impl->wake();
    });
    impl_->thread.join();
}

Destination::State Destination::state() const {
    const LinkPtr link = impl_->link();
    return {.accepted = impl_->accepted,
            .sent = static_cast<std::uint64_t>(impl_->metrics.sent.Value()),
            .held = link->report.is_held(),
            .trouble = link->report.trouble(),
            .gave_up = impl_->gave_up};
}

}  // namespace aep::delivery
