#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"

/// The records of the demo: members of a loyalty programme, as an application would write them.
/// Deterministic.
namespace aep::app {

/// One line: member `number` earned points (an ExperienceEvent). Every third has a numeric `_id`, as older
/// systems write them; the others have none.
[[nodiscard]] std::string demo_event(std::uint64_t number, base::WallTime time);

/// One line: member `number` (a Profile).
[[nodiscard]] std::string demo_profile(std::uint64_t number);

/// Lines that AEP would refuse or lose, one fault each.
[[nodiscard]] std::vector<std::string> demo_broken_events(base::WallTime time);

}  // namespace aep::app
