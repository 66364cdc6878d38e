#include "base/clock.hpp"

#include <date/date.h>

namespace aep::base {

std::string format_rfc3339(WallTime time) {
    return date::format("%FT%TZ", date::floor<std::chrono::milliseconds>(time));
}

}  // namespace aep::base
