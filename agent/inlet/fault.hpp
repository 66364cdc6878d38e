#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "inlet/options.hpp"
#include "inlet/response.hpp"

namespace aep::inlet {

/// The fault in force and how far its counts are. Guarded by its mutex.
class FaultControl {
  public:
    explicit FaultControl(const FaultOptions& options) : options_{options} {}

    /// What to do to one request.
    struct Plan {
        std::optional<Response> instead;  ///< the answer; the request is not looked at
        std::chrono::milliseconds delay{0};
        bool stall = false;
        bool drop_answer = false;
        bool short_answer = false;
    };

    /// Replaces the fault; its counts begin anew.
    void set(const FaultOptions& options);
    [[nodiscard]] FaultOptions options() const;
    /// Counts a request that was read in full.
    [[nodiscard]] Plan next_request();
    /// Counts a message; true: refuse it.
    [[nodiscard]] bool refuses_next_message();

  private:
    mutable std::mutex mutex_;
    FaultOptions options_;
    std::uint64_t requests_ = 0;
    std::uint64_t messages_ = 0;
};

/// The JSON of PUT /inlet/fault; absent keys are off. The error names the key.
[[nodiscard]] base::Result<FaultOptions> parse_fault(std::string_view json);
/// The same back.
[[nodiscard]] std::string format_fault(const FaultOptions& fault);

}  // namespace aep::inlet
