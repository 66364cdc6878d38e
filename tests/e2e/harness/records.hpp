#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aep::e2e {

/// "e-0000042".
[[nodiscard]] std::string event_id(std::uint64_t number);
/// "p-0000042".
[[nodiscard]] std::string profile_id(std::uint64_t number);

/// One valid record with its own `_id` and a timestamp of the past, without a line end; padded to at least
/// `bytes`.
[[nodiscard]] std::string event(std::uint64_t number, std::size_t bytes = 0);
[[nodiscard]] std::string profile(std::uint64_t number, std::size_t bytes = 0);

/// Lines first, first + 1, ... of so many events.
[[nodiscard]] std::string event_lines(std::uint64_t first, std::uint64_t count, std::size_t bytes = 0);
[[nodiscard]] std::vector<std::string> event_ids(std::uint64_t first, std::uint64_t count);

/// Records first, first + 1, ... without an `_id` of their own, so that it depends on where they are found;
/// all lines are equally long. entity_log.hpp finds their numbers again.
[[nodiscard]] std::string anonymous_lines(std::uint64_t first, std::uint64_t count);

/// Appends to a file, as an application does; the file is made when it is not there.
void append(const std::string& file, std::string_view bytes);

}  // namespace aep::e2e
