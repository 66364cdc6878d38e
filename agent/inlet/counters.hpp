#pragma once

#include <atomic>
#include <cstdint>

namespace aep::inlet {

/// Written by the inlet's thread, read by any; each stands for itself.
struct Counters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> connections{0};
};

}  // namespace aep::inlet
