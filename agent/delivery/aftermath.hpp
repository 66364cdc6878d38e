#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "delivery/condition_report.hpp"
#include "delivery/destination_metrics.hpp"
#include "delivery/gate.hpp"
#include "delivery/job_queue.hpp"
#include "delivery/options.hpp"
#include "delivery/verdict.hpp"
#include "record/dead_letter.hpp"

namespace aep::delivery {

/// Decides what follows from a verdict: which messages are settled, which become dead letters, what is sent
/// again and when. Verdict says what an answer means, this what to do. Confined to the destination's thread;
/// all references outlive it.
class Aftermath {
  public:
    Aftermath(const DestinationOptions& options, Gate& gate, const http::Backoff& backoff,
              DestinationMetrics& metrics, ConditionReport& report, record::DeadLetterSink& dead_letters);

    /// Returns what is left of the job, to be sent again, in order. `retry_after`: the answer's, zero
    /// without.
    [[nodiscard]] std::vector<Job> apply(Job job, const Verdict& verdict, base::Millis retry_after);
    /// The exchange failed before an answer was complete.
    [[nodiscard]] std::vector<Job> apply_failure(Job job, const base::Error& error);

    /// Messages accepted so far.
    [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
    [[nodiscard]] bool gave_up() const { return gave_up_; }

  private:
    std::vector<Job> settle_all(const Job& job);
    std::vector<Job> settle_each(Job job, const Verdict& verdict);
    std::vector<Job> wait(Job job, base::Millis at_least);
    std::vector<Job> send_in_halves(Job job, base::Millis retry_after);
    std::vector<Job> split(Job job, base::Millis wait_for);
    std::vector<Job> isolate(Job job, const Verdict& verdict, const char* code);
    std::vector<Job> after_server_error(Job job, const Verdict& verdict, base::Millis retry_after);
    std::vector<Job> isolate_server_error(Job job, const Verdict& verdict);
    std::vector<Job> let_others_go_first(Job job, base::Millis at_least);
    void refuse(const Job& job, const record::Message& message, const char* code, int status,
                const std::string& words);
    [[nodiscard]] bool is_too_old(const Job& job) const;
    std::vector<Job> give_up(const Job& job);
    void succeeded();

    const DestinationOptions& options_;
    Gate& gate_;
    const http::Backoff& backoff_;
    DestinationMetrics& metrics_;
    ConditionReport& report_;
    record::DeadLetterSink& dead_letters_;
    std::uint64_t accepted_ = 0;
    bool gave_up_ = false;
    base::SteadyTime last_success_ = {};
};

}  // namespace aep::delivery
