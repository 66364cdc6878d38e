#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aep::inlet {

inline constexpr std::string_view kOrg = "0123456789ABCDEF@AdobeOrg";

/// A right message around `entity`.
[[nodiscard]] std::string message_of(std::string_view entity);
/// A right message whose entity has this `_id`.
[[nodiscard]] std::string message_with_id(std::string_view id);
/// {"messages":[..]}
[[nodiscard]] std::string batch_of(const std::vector<std::string>& messages);
/// `text` with the one occurrence of `from` replaced; throws when there is none.
[[nodiscard]] std::string replaced(std::string text, std::string_view from, std::string_view to);

}  // namespace aep::inlet
