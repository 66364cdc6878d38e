#include "delivery/job.hpp"

#include <numeric>

namespace aep::delivery {

Job part_of(const Job& whole, const std::vector<std::uint32_t>& indices) {
    Job part{whole.batch->part(indices)};
    part.attempts = whole.attempts;
    part.server_errors = whole.server_errors;
    part.apart = whole.apart;
    part.first_tried = whole.first_tried;
    if (part.server_errors > 0) part.failing_since = base::SteadyClock::now();
    return part;
}

std::vector<Job> halves_of(const Job& whole) {
    std::vector<std::uint32_t> indices(whole.batch->messages.size());
    std::iota(indices.begin(), indices.end(), 0U);
    const auto middle = indices.begin() + static_cast<std::ptrdiff_t>(indices.size() / 2);
    std::vector<Job> halves;
    halves.push_back(part_of(whole, {indices.begin(), middle}));
    halves.push_back(part_of(whole, {middle, indices.end()}));
    return halves;
}

}  // namespace aep::delivery
