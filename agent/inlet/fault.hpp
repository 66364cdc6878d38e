#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "inlet/options.hpp"
#include "inlet/response.hpp"

namespace aep::inlet {

/// The rules in force and how far their counts are. Guarded by its mutex.
class FaultControl {
  public:
    explicit FaultControl(const std::vector<FaultRule>& rules) { set(rules); }

    /// What to do to one request.
    struct Plan {
        std::optional<Response> instead;  ///< the answer; the request is not looked at
        std::chrono::milliseconds delay{0};
        bool stall = false;
        FaultRule::Drop drop = FaultRule::Drop::None;
        AnswerForm form = AnswerForm::Right;
        std::optional<std::size_t> rule;  ///< whose it is
    };

    /// Replaces the rules; their counts and times begin anew.
    void set(const std::vector<FaultRule>& rules);
    [[nodiscard]] std::vector<FaultRule> rules() const;
    /// Counts a request whose head was read.
    [[nodiscard]] Plan next_request();
    /// Counts a message of a request with this plan; the status to refuse it with, or nothing.
    [[nodiscard]] std::optional<int> refuses_next_message(const Plan& plan);

  private:
    struct Counted {
        FaultRule rule;
        std::uint64_t requests = 0;
        std::uint64_t messages = 0;
        double owed = 0;  ///< of `share`: a request is hit when it reaches 1
    };
    [[nodiscard]] static bool hits(Counted& counted, base::SteadyTime::duration since_set);

    mutable std::mutex mutex_;
    std::vector<Counted> rules_;
    base::SteadyTime set_at_;
};

/// The JSON of PUT /inlet/fault: one rule, or a list of them. The error names the key.
[[nodiscard]] base::Result<std::vector<FaultRule>> parse_faults(std::string_view json);
/// The rules back, as a list.
[[nodiscard]] std::string format_faults(const std::vector<FaultRule>& rules);
/// One rule as the command line has it: "status=503,retry_after=2,first=10".
[[nodiscard]] base::Result<FaultRule> parse_fault_argument(std::string_view text);

}  // namespace aep::inlet
