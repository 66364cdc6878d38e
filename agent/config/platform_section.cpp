#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

constexpr std::string_view kOrgSuffix = "@AdobeOrg";

void warn_of_unusual_org(MapReader& platform, const std::string& org_id) {
    if (org_id.empty() || org_id.ends_with(kOrgSuffix)) return;
    const Value& value = *platform.find("org_id");
    platform.context().warnings.push_back(
        {value.place, value.path + " does not end in @AdobeOrg", "AEP's organisation ids do; check it"});
}

void read_limit(MapReader& limits, std::string_view key, std::optional<std::size_t>& limit) {
    if (limits.is_word(key, "unlimited", false)) {
        limit.reset();
    } else {
        limits.integer(key, *limit, {1, 10'000'000});
    }
}

void read_limits(MapReader limits, delivery::LimitOptions& options) {
    read_limit(limits, "requests_per_second", options.requests_per_second);
    read_limit(limits, "messages_per_second", options.messages_per_second);
    limits.fraction("share", options.share);
    limits.finish();
}

}  // namespace

Platform read_platform(MapReader platform) {
    Platform options;
    std::string sandbox;  // the inlet belongs to one already; kept in the file for people
    options.id = read_own_id(platform, platform.context().platforms);
    platform.require("org_id", "org_id: ...@AdobeOrg");
    platform.text("org_id", options.org_id, check_org_id);
    warn_of_unusual_org(platform, options.org_id);
    platform.text("sandbox", sandbox, check_sandbox);
    platform.later("gateway", {"https://platform.adobe.io"});
    read_limits(platform.section("limits"), options.limits);
    options.auth = read_auth(platform.section("auth"), options.id);
    platform.finish();
    return options;
}

}  // namespace aep::config
