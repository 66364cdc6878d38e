#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "delivery/concurrency.hpp"
#include "delivery/condition_report.hpp"
#include "delivery/destination_metrics.hpp"
#include "delivery/job_queue.hpp"
#include "delivery/options.hpp"
#include "delivery/size_bound.hpp"
#include "delivery/traffic.hpp"
#include "delivery/verdict.hpp"
#include "record/dead_letter.hpp"

namespace aep::delivery {

/// Decides what follows from a verdict: which messages are settled, which become dead letters, what is sent
/// again and when. Verdict says what an answer means, this what to do; config/ANSWERS.md says both to
/// operators. Confined to the destination's thread.
class Aftermath {
  public:
    /// What learns from answers, and who is told. All of it outlives the Aftermath.
    struct Parts {
        const DestinationOptions& options;
        InletTraffic& inlet;
        Concurrency& concurrency;
        SizeBound& size_bound;
        const http::Backoff& backoff;  ///< of what waits alone
        DestinationMetrics& metrics;
        ConditionReport& report;
        record::DeadLetterSink& dead_letters;
    };
    explicit Aftermath(const Parts& parts) : on_{parts} {}

    /// Returns what is left of the job, to be sent again, in order. `retry_after`: the answer's, zero
    /// without.
    [[nodiscard]] std::vector<Job> apply(Job job, const Verdict& verdict, base::Millis retry_after);
    /// The exchange failed before an answer was complete.
    [[nodiscard]] std::vector<Job> apply_failure(Job job, const base::Error& error);

    /// Messages accepted so far.
    [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
    [[nodiscard]] bool gave_up() const { return gave_up_; }

  private:
    using Jobs = std::vector<Job>;

    Jobs follow(Job job, const Verdict& verdict, base::Millis retry_after);
    // What is final.
    Jobs settle_all(const Job& job);
    Jobs settle_each(Job job, const Verdict& verdict);
    void settle(const Job& job, std::uint32_t index, const MessageVerdict& message);
    void refuse(const Job& job, const record::Message& message, const char* code, int status,
                const std::string& words);
    Jobs give_up(const Job& job);
    // What the whole inlet waits for.
    Jobs wait_for_inlet(Job job);
    Jobs slow_down(Job job, const Verdict& verdict, base::Millis retry_after);
    // What only this request waits for.
    Jobs wait_alone(Job job);
    Jobs set_apart(const Job& job, const std::vector<std::uint32_t>& indices, bool failed,
                   const Verdict& verdict);
    Jobs none_taken(Job job, const Verdict& verdict);
    // What is looked into: requests that are sent again in halves.
    Jobs send_in_halves(Job job);
    static Jobs split(const Job& job, base::Millis wait_for);
    Jobs isolate(Job job, const Verdict& verdict, const char* code);
    Jobs after_server_error(Job job, const Verdict& verdict);
    Jobs isolate_server_error(Job job, const Verdict& verdict);
    Jobs let_others_go_first(Job job);

    [[nodiscard]] bool works_for_others(const Job& job) const;
    [[nodiscard]] bool is_too_old(const Job& job) const;
    void succeeded(const Job& job, std::size_t messages);

    const Parts on_;
    std::uint64_t accepted_ = 0;
    std::uint64_t accepted_at_429_ = 0;
    base::SteadyTime newest_429_ = {};
    bool gave_up_ = false;
    bool inlet_failed_ = false;  ///< what is being followed was not the request's own trouble
    base::SteadyTime last_success_ = {};
};

}  // namespace aep::delivery
