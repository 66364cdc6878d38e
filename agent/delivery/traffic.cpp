#include "delivery/traffic.hpp"

namespace aep::delivery {

void Traffic::set_platform(const std::string& id, const LimitOptions& limits) {
    const std::lock_guard lock{mutex_};
    const auto [governor, is_new] = governors_.try_emplace(id, limits);
    if (!is_new) governor->second.set_limits(limits);
}

Governor* Traffic::governor(const std::string& platform) {
    const std::lock_guard lock{mutex_};
    const auto found = governors_.find(platform);
    return found == governors_.end() ? nullptr : &found->second;
}

InletTraffic& Traffic::inlet(const http::Url& url) {
    const std::lock_guard lock{mutex_};
    return inlets_[url.host_header() + url.target];
}

}  // namespace aep::delivery
