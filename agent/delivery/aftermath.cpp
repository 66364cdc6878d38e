#include "delivery/aftermath.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "http/error.hpp"
#include "telemetry/log.hpp"

namespace aep::delivery {
namespace {

namespace log = telemetry::log;
using base::SteadyClock;
using Fate = MessageVerdict::Fate;

/// So many 500s for one request are taken for an outage; after that its messages are looked at one by one.
constexpr unsigned kServerErrors = 5;

/// A short word for the metric.
std::string held_reason(const base::Error& error) {
    if (error.code == http::Errc::Proxy) return "proxy";
    return error.code == http::Errc::TlsRefused ? "tls" : "certificate";
}

std::vector<Job> one(Job job) {
    std::vector<Job> jobs;
    jobs.push_back(std::move(job));
    return jobs;
}

std::string said(const Verdict& verdict) {
    return verdict.words.empty() ? fmt::format("status {}", verdict.status)
                                 : fmt::format("status {}: {}", verdict.status, verdict.words);
}

}  // namespace

std::vector<Job> Aftermath::apply(Job job, const Verdict& verdict, base::Millis retry_after) {
    if (retry_after.count() > 0) {
        on_.inlet.gate.pause(SteadyClock::now(), retry_after);
        on_.metrics.throttled("retry_after", retry_after);
    }
    const Gate::Pass pass = job.pass;
    inlet_failed_ = false;
    Jobs again = follow(std::move(job), verdict, retry_after);
    // A probe whose answer was about the request alone has found a working inlet.
    if (!inlet_failed_) on_.inlet.gate.succeeded(pass, SteadyClock::now());
    return again;
}

std::vector<Job> Aftermath::follow(Job job, const Verdict& verdict, base::Millis retry_after) {
    switch (verdict.kind) {
        case Verdict::Kind::AllSettled:
            return settle_all(job);
        case Verdict::Kind::PerMessage:
            return settle_each(std::move(job), verdict);
        case Verdict::Kind::Refused:
            return isolate(std::move(job), verdict, "refused");
        case Verdict::Kind::TooLarge:
            on_.size_bound.refused(job.batch->body().size(), SteadyClock::now());
            return isolate(std::move(job), verdict, "too_large");
        case Verdict::Kind::ServerError:
            return after_server_error(std::move(job), verdict);
        case Verdict::Kind::Throttled:
            return slow_down(std::move(job), verdict, retry_after);
        case Verdict::Kind::Busy:
            on_.report.failing("inlet_busy", said(verdict));
            return wait_for_inlet(std::move(job));
        case Verdict::Kind::Held:
            on_.report.held(verdict.held_reason, said(verdict));
            return wait_for_inlet(std::move(job));
        case Verdict::Kind::Unproven:
            on_.report.failing("answer_unproven", said(verdict));
            return send_in_halves(std::move(job));
    }
    return one(std::move(job));
}

std::vector<Job> Aftermath::apply_failure(Job job, const base::Error& error) {
    if (http::needs_operator(error)) {
        on_.report.held(held_reason(error), error.message);
    } else {
        on_.report.failing("inlet_unreachable", error.message);
    }
    return wait_for_inlet(std::move(job));
}

void Aftermath::succeeded(const Job& job, std::size_t messages) {
    const base::SteadyTime now = SteadyClock::now();
    on_.inlet.gate.succeeded(job.pass, now);
    on_.inlet.pace.accepted(messages, now);
    on_.size_bound.accepted(now);
    // What was under way when the inlet began to fail does not say that it works again.
    if (on_.inlet.gate.is_open()) on_.report.fine();
    last_success_ = now;
}

std::vector<Job> Aftermath::settle_all(const Job& job) {
    const record::Batch& batch = *job.batch;
    succeeded(job, batch.messages.size());
    batch.settle_all(record::Outcome::Delivered);
    accepted_ += batch.messages.size();
    on_.metrics.accepted.Increment(static_cast<double>(batch.messages.size()));
    on_.metrics.latency_seconds.Observe(
        std::chrono::duration<double>(SteadyClock::now() - batch.oldest_read).count());
    return {};
}

std::vector<Job> Aftermath::settle_each(Job job, const Verdict& verdict) {
    std::vector<std::uint32_t> busy;
    std::vector<std::uint32_t> failed;
    for (std::uint32_t i = 0; i < job.batch->messages.size(); ++i) {
        if (verdict.messages[i].fate == Fate::SendAgain) busy.push_back(i);
        if (verdict.messages[i].fate == Fate::Failed) failed.push_back(i);
    }
    const std::size_t taken = job.batch->messages.size() - busy.size() - failed.size();
    if (taken == 0) return none_taken(std::move(job), verdict);
    succeeded(job, taken);
    for (std::uint32_t i = 0; i < job.batch->messages.size(); ++i) settle(job, i, verdict.messages[i]);
    if (busy.empty() && failed.empty()) return {};
    log::warn("messages_again", "the inlet could not take some messages now, sending them again",
              {{"destination", on_.options.id},
               {"messages", busy.size() + failed.size()},
               {"of", job.batch->messages.size()}});
    Jobs again = set_apart(job, busy, false, verdict);
    for (Job& part : set_apart(job, failed, true, verdict)) again.push_back(std::move(part));
    return again;
}

void Aftermath::settle(const Job& job, std::uint32_t index, const MessageVerdict& message) {
    if (message.fate == Fate::Settled) {
        job.batch->settle(job.batch->messages[index], record::Outcome::Delivered);
        ++accepted_;
        on_.metrics.accepted.Increment();
    } else if (message.fate == Fate::Refused) {
        refuse(job, job.batch->messages[index], "refused", message.status, message.words);
    }
}

/// Those of a request that were not taken while others were: they wait on their own, so that they stop
/// nobody.
std::vector<Job> Aftermath::set_apart(const Job& job, const std::vector<std::uint32_t>& indices, bool failed,
                                      const Verdict& verdict) {
    if (indices.empty()) return {};
    Job part = part_of(job, indices);
    part.apart = true;
    if (!failed) return wait_alone(std::move(part));
    part.failing_since = job.failing_since == base::SteadyTime{} ? SteadyClock::now() : job.failing_since;
    Verdict own =
        verdict_of_status(verdict.messages[indices.front()].status, verdict.messages[indices.front()].words);
    return after_server_error(std::move(part), own);
}

/// A 207 in which every message failed for now says the same as such a status for the whole request, unless
/// the request is what was left of one whose other messages were taken.
std::vector<Job> Aftermath::none_taken(Job job, const Verdict& verdict) {
    const auto failed = std::ranges::find(verdict.messages, Fate::Failed, &MessageVerdict::fate);
    const MessageVerdict& first = failed == verdict.messages.end() ? verdict.messages.front() : *failed;
    const Verdict whole = verdict_of_status(first.status, first.words);
    if (first.fate == Fate::Failed) return after_server_error(std::move(job), whole);
    if (!job.apart) return follow(std::move(job), whole, base::Millis{0});
    log::warn("messages_again", "the inlet still cannot take some messages, sending them again",
              {{"destination", on_.options.id},
               {"messages", job.batch->messages.size()},
               {"status", first.status}});
    return wait_alone(std::move(job));
}

std::vector<Job> Aftermath::wait_for_inlet(Job job) {
    const base::SteadyTime now = SteadyClock::now();
    on_.inlet.gate.failed(job.pass, now, on_.options.retry);
    inlet_failed_ = true;
    on_.concurrency.failed(job.left_at, now);
    if (is_too_old(job)) return give_up(job);
    return one(std::move(job));
}

std::vector<Job> Aftermath::wait_alone(Job job) {
    if (is_too_old(job)) return give_up(job);
    job.not_before = SteadyClock::now() + on_.backoff.wait(std::max(1U, job.attempts));
    return one(std::move(job));
}

/// 429: an inlet that works, but not so fast. Only where it takes nothing at all is it taken for an outage.
std::vector<Job> Aftermath::slow_down(Job job, const Verdict& verdict, base::Millis retry_after) {
    if (is_too_old(job)) return give_up(job);
    // Of requests that were under way together the first says all.
    if (newest_429_ != base::SteadyTime{} && job.left_at <= newest_429_) return one(std::move(job));
    const base::SteadyTime now = SteadyClock::now();
    newest_429_ = now;
    const bool took_something = std::exchange(accepted_at_429_, accepted_) != accepted_;
    if (!took_something || job.pass == Gate::Pass::Probe) {
        on_.report.failing("inlet_busy", said(verdict));
        return wait_for_inlet(std::move(job));
    }
    log::warn("inlet_throttles", "sending more slowly",
              {{"destination", on_.options.id}, {"error", said(verdict)}});
    base::Millis pause = retry_after;
    if (pause.count() == 0) {
        pause = on_.backoff.wait(1);
        on_.inlet.gate.pause(now, pause);
    }
    (void)on_.inlet.pace.refused(job.left_at, now, pause);
    on_.concurrency.failed(job.left_at, now);
    return one(std::move(job));
}

std::vector<Job> Aftermath::send_in_halves(Job job) {
    if (job.batch->messages.size() == 1) return wait_for_inlet(std::move(job));
    if (is_too_old(job)) return give_up(job);
    const base::Millis later = on_.backoff.wait(job.attempts);
    return split(job, later);
}

std::vector<Job> Aftermath::split(const Job& job, base::Millis wait_for) {
    Jobs halves = halves_of(job);
    for (Job& half : halves) half.not_before = SteadyClock::now() + wait_for;
    return halves;
}

/// A request that will never be accepted as it is: halved until the message that is to blame stands alone.
/// That ends after fewer than two requests for each message.
std::vector<Job> Aftermath::isolate(Job job, const Verdict& verdict, const char* code) {
    if (job.batch->messages.size() > 1) {
        // Without the inlet's words: of a refused message they may quote it. The dead letter has them.
        log::warn("request_refused", "sending it in halves, to find the message that is to blame",
                  {{"destination", on_.options.id},
                   {"status", verdict.status},
                   {"messages", job.batch->messages.size()}});
        return split(job, base::Millis{0});
    }
    refuse(job, job.batch->messages.front(), code, verdict.status, verdict.words);
    return {};
}

/// The inlet has taken something since this request began to fail: so it is the request's own fault.
bool Aftermath::works_for_others(const Job& job) const {
    return last_success_ > job.failing_since;
}

/// A 500 may be an outage or the fault of a message (streaming ingestion, section 9). Dead letters come of it
/// only where a message has failed alone for as long as `retry.max`, and more than kServerErrors times.
std::vector<Job> Aftermath::after_server_error(Job job, const Verdict& verdict) {
    const base::SteadyTime now = SteadyClock::now();
    ++job.server_errors;
    if (job.failing_since == base::SteadyTime{}) job.failing_since = now;
    if (!job.apart && !works_for_others(job)) on_.report.failing("inlet_error", said(verdict));
    const bool alone = job.batch->messages.size() == 1;
    const bool long_enough = !alone || now - job.failing_since >= on_.options.retry.max;
    if (works_for_others(job) && job.server_errors > kServerErrors && long_enough) {
        return isolate_server_error(std::move(job), verdict);
    }
    return let_others_go_first(std::move(job));
}

/// The halves are the request's heirs, but a message that stands alone gets as many tries of its own.
std::vector<Job> Aftermath::isolate_server_error(Job job, const Verdict& verdict) {
    Jobs parts = isolate(std::move(job), verdict, "refused");
    for (Job& part : parts) {
        if (part.batch->messages.size() == 1) part.server_errors = 0;
    }
    return parts;
}

/// Waits longer than the gate, so that the next probe is another request where there is one. Where there is
/// none, every so many errors the request is halved, because its other half may be the one that works.
std::vector<Job> Aftermath::let_others_go_first(Job job) {
    const bool halve = job.server_errors % (kServerErrors + 1) == 0 && job.batch->messages.size() > 1;
    const base::Millis own_wait = on_.backoff.wait(job.server_errors);
    const bool only_this = job.apart || (works_for_others(job) && job.pass != Gate::Pass::Probe);
    Jobs again = only_this ? wait_alone(std::move(job)) : wait_for_inlet(std::move(job));
    if (again.empty()) return again;
    const base::SteadyTime now = SteadyClock::now();
    const base::SteadyTime open = on_.inlet.gate.resume_at();
    const base::SteadyTime from = open == base::SteadyTime::max() ? now : std::max(open, now);
    const base::Millis later = std::chrono::ceil<base::Millis>(from - now) + own_wait;
    if (halve) return split(again.front(), later);
    again.front().not_before = now + later;
    return again;
}

void Aftermath::refuse(const Job& job, const record::Message& message, const char* code, int status,
                       const std::string& words) {
    const record::Batch& batch = *job.batch;
    record::DeadLetter letter;
    letter.code = code;
    letter.reason = status > 0 ? fmt::format("the inlet refused it with status {}", status) : words;
    letter.stream = batch.stream->id;
    letter.ticket = batch.tickets[message.ticket];
    letter.record = message.record;
    letter.origin = letter.ticket.ledger->origin();
    letter.position = batch.position_of(message);
    letter.status = status;
    letter.answer = status > 0 ? words : "";
    letter.attempts = job.attempts;
    letter.form = record::DeadLetter::Form::Entity;
    letter.content = batch.entity_of(message);
    letter.time = base::WallClock::now();
    letter.lease = batch.lease.reopen();
    letter.lease.resize(letter.content.size());
    on_.metrics.refused.Increment();
    on_.dead_letters.put(std::move(letter));
}

bool Aftermath::is_too_old(const Job& job) const {
    return on_.options.give_up_after && SteadyClock::now() - job.first_tried >= *on_.options.give_up_after;
}

std::vector<Job> Aftermath::give_up(const Job& job) {
    gave_up_ = true;
    log::error("gave_up", "retry.give_up_after has passed: the messages become dead letters",
               {{"destination", on_.options.id}, {"messages", job.batch->messages.size()}});
    for (const record::Message& message : job.batch->messages) {
        refuse(job, message, "gave_up", 0,
               "not delivered within retry.give_up_after: " + on_.report.trouble());
    }
    return {};
}

}  // namespace aep::delivery
