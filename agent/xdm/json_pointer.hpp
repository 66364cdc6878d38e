#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// JSON pointers (RFC 6901).
namespace aep::xdm {

/// "/" and the key, with ~ and / escaped.
void append_pointer_step(std::string& pointer, std::string_view key);
void append_pointer_step(std::string& pointer, std::uint64_t index);

/// The unescaped steps of a pointer that begins with '/', or of "".
[[nodiscard]] std::vector<std::string> pointer_steps(std::string_view pointer);

}  // namespace aep::xdm
