#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace aep::app {

/// The state of a one-shot command.
struct SendProgress {
    std::uint64_t settled_bytes = 0;
    std::uint64_t total_bytes = 0;  ///< 0 where nobody can know (a pipe)
    std::uint64_t settled_records = 0;
    base::SteadyClock::duration elapsed{};
};

/// "[=====>    ]  52%  31.2 MiB/s  48120 records/s  12 s left", at most `width` columns; without a known
/// total the bytes so far stand in place of the bar.
[[nodiscard]] std::string render_progress(const SendProgress& progress, std::size_t width);

/// Draws a progress line on a terminal, over itself; does nothing where stderr is none. Confined to one
/// thread.
class ProgressLine {
  public:
    ProgressLine();
    [[nodiscard]] bool is_shown() const { return is_terminal_; }
    void draw(const SendProgress& progress);
    /// Takes the line away, so that other text can follow.
    void clear();

  private:
    bool is_terminal_;
};

}  // namespace aep::app
