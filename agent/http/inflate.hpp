#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace aep::http {

/// What a body coded as gzip or deflate (RFC 9110 8.4.1; zlib's format or bare) holds. Nothing where it is
/// damaged, cut off, followed by something else, or holds more than `limit` bytes: a small body can hold
/// very many. Free-threaded.
[[nodiscard]] std::optional<std::string> inflate(std::string_view coded, std::size_t limit);

}  // namespace aep::http
