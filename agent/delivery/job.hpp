#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "delivery/gate.hpp"
#include "record/batch.hpp"

namespace aep::delivery {

/// A batch on its way, with its history.
struct Job {
    record::BatchPtr batch;
    unsigned attempts = 0;                ///< how often it was sent
    unsigned server_errors = 0;           ///< 500s among the answers
    bool apart = false;                   ///< sent again alone, because others of its request were taken
    base::SteadyTime failing_since = {};  ///< its first 500, or when it was split because of them
    base::SteadyTime first_tried = {};    ///< unset before the first attempt
    base::SteadyTime not_before = {};     ///< its own wait
    base::SteadyTime left_at = {};        ///< the newest attempt
    Gate::Pass pass = Gate::Pass::None;   ///< likewise: how it passed the gate

    explicit Job(record::BatchPtr owned) : batch{std::move(owned)} {}
};

/// Some of its messages (ascending indices), as a job with the same history.
[[nodiscard]] Job part_of(const Job& whole, const std::vector<std::uint32_t>& indices);
/// Both halves of a job of several messages, in order.
[[nodiscard]] std::vector<Job> halves_of(const Job& whole);

}  // namespace aep::delivery
