#include "config/summary.hpp"

#include <fmt/format.h>

namespace aep::config {
namespace {

std::string count(std::size_t number, const char* thing) {
    return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

}  // namespace

std::string summary(const Config& config) {
    return fmt::format("{}, {}, {}", count(config.sources.size(), "source"),
                       count(config.streams.size(), "stream"),
                       count(config.destinations.size(), "destination"));
}

}  // namespace aep::config
