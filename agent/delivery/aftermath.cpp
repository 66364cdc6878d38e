#include "delivery/aftermath.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <utility>

#include "http/error.hpp"
#include "telemetry/log.hpp"

namespace aep::delivery {
namespace {

namespace log = telemetry::log;
using base::SteadyClock;

/// So many 500s for one request are taken for an outage; after that its messages are looked at one by one.
constexpr unsigned kServerErrors = 5;

Job make_part(const Job& whole, const std::vector<std::uint32_t>& indices) {
    Job part{whole.batch->part(indices)};
    part.attempts = whole.attempts;
    part.server_errors = whole.server_errors;
    part.first_tried = whole.first_tried;
    if (part.server_errors > 0) part.failing_since = SteadyClock::now();
    return part;
}

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

}  // namespace

Aftermath::Aftermath(const DestinationOptions& options, Gate& gate, const http::Backoff& backoff,
                     DestinationMetrics& metrics, ConditionReport& report,
                     record::DeadLetterSink& dead_letters)
    : options_{options},
      gate_{gate},
      backoff_{backoff},
      metrics_{metrics},
      report_{report},
      dead_letters_{dead_letters} {}

std::vector<Job> Aftermath::apply(Job job, const Verdict& verdict, base::Millis retry_after) {
    switch (verdict.kind) {
        case Verdict::Kind::AllSettled:
            return settle_all(job);
        case Verdict::Kind::PerMessage:
            return settle_each(std::move(job), verdict);
        case Verdict::Kind::Refused:
            return isolate(std::move(job), verdict, "refused");
        case Verdict::Kind::TooLarge:
            return isolate(std::move(job), verdict, "too_large");
        case Verdict::Kind::ServerError:
            return after_server_error(std::move(job), verdict, retry_after);
        case Verdict::Kind::Busy:
            report_.failing("inlet_busy", fmt::format("status {} {}", verdict.status, verdict.words));
            return wait(std::move(job), retry_after);
        case Verdict::Kind::Held:
            report_.held(verdict.held_reason, fmt::format("status {} {}", verdict.status, verdict.words));
            return wait(std::move(job), retry_after);
        case Verdict::Kind::Unproven:
            report_.failing("answer_unproven",
                            fmt::format("status {}, but {}: the messages are sent again, in smaller requests",
                                        verdict.status, verdict.words));
            return send_in_halves(std::move(job), retry_after);
    }
    return one(std::move(job));
}

std::vector<Job> Aftermath::send_in_halves(Job job, base::Millis retry_after) {
    if (job.batch->messages.size() == 1) return wait(std::move(job), retry_after);
    gate_.succeeded(SteadyClock::now());
    const base::Millis later = backoff_.wait(job.attempts);
    return split(std::move(job), later);
}

std::vector<Job> Aftermath::apply_failure(Job job, const base::Error& error) {
    if (http::needs_operator(error)) {
        report_.held(held_reason(error), error.message);
    } else {
        report_.failing("inlet_unreachable", error.message);
    }
    return wait(std::move(job), base::Millis{0});
}

void Aftermath::succeeded() {
    gate_.succeeded(SteadyClock::now());
    report_.fine();
    last_success_ = SteadyClock::now();
}

std::vector<Job> Aftermath::settle_all(const Job& job) {
    succeeded();
    const record::Batch& batch = *job.batch;
    batch.settle_all(record::Outcome::Delivered);
    accepted_ += batch.messages.size();
    metrics_.accepted.Increment(static_cast<double>(batch.messages.size()));
    metrics_.latency_seconds.Observe(
        std::chrono::duration<double>(SteadyClock::now() - batch.oldest_read).count());
    return {};
}

std::vector<Job> Aftermath::settle_each(Job job, const Verdict& verdict) {
    succeeded();
    std::vector<std::uint32_t> again;
    const record::Batch& batch = *job.batch;
    for (std::uint32_t i = 0; i < batch.messages.size(); ++i) {
        const MessageVerdict& message = verdict.messages[i];
        switch (message.fate) {
            case MessageVerdict::Fate::Settled:
                batch.settle(batch.messages[i], record::Outcome::Delivered);
                ++accepted_;
                metrics_.accepted.Increment();
                break;
            case MessageVerdict::Fate::Refused:
                refuse(job, batch.messages[i], "refused", message.status, message.words);
                break;
            case MessageVerdict::Fate::SendAgain:
                again.push_back(i);
                break;
        }
    }
    if (again.empty()) return {};
    log::warn("messages_again", "the inlet could not take some messages now, sending them again",
              {{"destination", options_.id}, {"messages", again.size()}, {"of", batch.messages.size()}});
    Job part = make_part(job, again);
    part.not_before = SteadyClock::now() + backoff_.wait(job.attempts);
    return one(std::move(part));
}

/// The whole destination waits, and the job with it.
std::vector<Job> Aftermath::wait(Job job, base::Millis at_least) {
    if (is_too_old(job)) return give_up(job);
    gate_.failed(SteadyClock::now(), at_least);
    if (at_least.count() > 0) metrics_.throttled.Increment(static_cast<double>(at_least.count()) / 1000);
    return one(std::move(job));
}

std::vector<Job> Aftermath::split(Job job, base::Millis wait_for) {
    std::vector<std::uint32_t> indices(job.batch->messages.size());
    std::iota(indices.begin(), indices.end(), 0U);
    const auto middle = indices.begin() + static_cast<std::ptrdiff_t>(indices.size() / 2);
    std::vector<Job> halves;
    halves.push_back(make_part(job, {indices.begin(), middle}));
    halves.push_back(make_part(job, {middle, indices.end()}));
    for (Job& half : halves) half.not_before = SteadyClock::now() + wait_for;
    return halves;
}

/// A request that will never be accepted as it is: halved until the message that is to blame stands alone.
std::vector<Job> Aftermath::isolate(Job job, const Verdict& verdict, const char* code) {
    gate_.succeeded(SteadyClock::now());  // the inlet works, it is the request that does not
    if (job.batch->messages.size() > 1) {
        // Without the inlet's words: of a refused message they may quote it. The dead letter has them.
        log::warn("request_refused", "looking for the message that is to blame",
                  {{"destination", options_.id},
                   {"status", verdict.status},
                   {"messages", job.batch->messages.size()}});
        return split(std::move(job), base::Millis{0});
    }
    refuse(job, job.batch->messages.front(), code, verdict.status, verdict.words);
    return {};
}

/// A 500 may be an outage or the fault of a message (streaming ingestion, section 9). It is the request's own
/// fault where the inlet has worked for others since.
std::vector<Job> Aftermath::after_server_error(Job job, const Verdict& verdict, base::Millis retry_after) {
    ++job.server_errors;
    if (job.failing_since == base::SteadyTime{}) job.failing_since = SteadyClock::now();
    report_.failing("inlet_error", fmt::format("status {} {}", verdict.status, verdict.words));
    const bool works_for_others = last_success_ > job.failing_since;
    if (works_for_others && job.server_errors > kServerErrors) {
        return isolate_server_error(std::move(job), verdict);
    }
    return let_others_go_first(std::move(job), retry_after);
}

/// The halves are the request's heirs, but a message that stands alone gets as many tries of its own.
std::vector<Job> Aftermath::isolate_server_error(Job job, const Verdict& verdict) {
    std::vector<Job> parts = isolate(std::move(job), verdict, "refused");
    for (Job& part : parts) {
        if (part.batch->messages.size() == 1) part.server_errors = 0;
    }
    return parts;
}

/// Waits longer than the gate, so that the next probe is another request where there is one. Where there is
/// none, every so many errors the request is halved, because its other half may be the one that works.
std::vector<Job> Aftermath::let_others_go_first(Job job, base::Millis at_least) {
    const bool halve = job.server_errors % (kServerErrors + 1) == 0 && job.batch->messages.size() > 1;
    const base::Millis own_wait = backoff_.wait(job.server_errors);
    std::vector<Job> again = wait(std::move(job), at_least);
    if (again.empty()) return again;
    const base::SteadyTime now = SteadyClock::now();
    const base::Millis later =
        std::chrono::ceil<base::Millis>(std::max(gate_.resume_at(), now) - now) + own_wait;
    if (halve) return split(std::move(again.front()), later);
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
    metrics_.refused.Increment();
    dead_letters_.put(std::move(letter));
}

bool Aftermath::is_too_old(const Job& job) const {
    return options_.give_up_after && SteadyClock::now() - job.first_tried >= *options_.give_up_after;
}

std::vector<Job> Aftermath::give_up(const Job& job) {
    gave_up_ = true;
    log::error("gave_up", "retry.give_up_after has passed: the messages become dead letters",
               {{"destination", options_.id}, {"messages", job.batch->messages.size()}});
    for (const record::Message& message : job.batch->messages) {
        refuse(job, message, "gave_up", 0, "not delivered within retry.give_up_after: " + report_.trouble());
    }
    gate_.failed(SteadyClock::now(), base::Millis{0});
    return {};
}

}  // namespace aep::delivery
