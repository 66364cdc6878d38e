#include "delivery/traffic.hpp"

namespace aep::delivery {

void Traffic::add_platform(const std::string& id, const LimitOptions& limits) {
    const std::lock_guard lock{mutex_};
    governors_.try_emplace(id, limits);
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
