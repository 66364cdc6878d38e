#include "http/backoff.hpp"

#include <algorithm>
#include <memory>
#include <random>

namespace aep::http {

Random make_random() {
    std::random_device system;
    // Shared by the copies that std::function may make, so that they go on with one sequence.
    auto engine = std::make_shared<std::mt19937_64>((std::uint64_t{system()} << 32U) | system());
    return [engine] { return std::uniform_real_distribution<double>{0.0, 1.0}(*engine); };
}

base::Millis Backoff::bound(unsigned failures) const {
    base::Millis bound = options_.initial;
    for (unsigned i = 1; i < failures && bound < options_.max; ++i) bound *= 2;
    return std::min(bound, options_.max);
}

base::Millis Backoff::wait(unsigned failures) const {
    const double spread = random_() * static_cast<double>(bound(failures).count());
    return std::max(base::Millis{1}, base::Millis{static_cast<base::Millis::rep>(spread)});
}

}  // namespace aep::http
