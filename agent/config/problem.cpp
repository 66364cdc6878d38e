#include "config/problem.hpp"

#include <algorithm>
#include <string_view>

namespace aep::config {

std::string Problem::to_string() const {
    std::string line = place.to_string();
    if (!line.empty()) line += ": ";
    line += text;
    if (!suggestion.empty()) line += "; " + suggestion;
    return line;
}

void sort(Problems& problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& left, const Problem& right) {
        return comes_before(left.place, right.place);
    });
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kShown = 80;
    std::string shown{text.substr(0, kShown)};
    std::replace_if(
        shown.begin(), shown.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F; },
        '?');
    return "'" + shown + (text.size() > kShown ? "..." : "") + "'";
}

}  // namespace aep::config
