#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "delivery/gate.hpp"
#include "delivery/governor.hpp"
#include "delivery/learned_pace.hpp"
#include "http/url.hpp"

namespace aep::delivery {

/// What all destinations that lead to one inlet share.
struct InletTraffic {
    Gate gate{http::make_random()};
    LearnedPace pace;
};

/// What destinations share with each other: limits by platform, backoff by inlet. One for the agent, which
/// outlives its destinations. Guarded; what it returns lives as long.
class Traffic {
  public:
    /// Before the platform's destinations are made; again where its limits have changed.
    void set_platform(const std::string& id, const LimitOptions& limits);

    /// Null where there is no such platform: nothing to keep to.
    [[nodiscard]] Governor* governor(const std::string& platform);
    /// By host, port and path: two destinations may name the same inlet.
    [[nodiscard]] InletTraffic& inlet(const http::Url& url);

  private:
    std::mutex mutex_;
    std::map<std::string, Governor> governors_;
    std::map<std::string, InletTraffic> inlets_;
};

}  // namespace aep::delivery
