#include "xdm/rejection.hpp"

namespace aep::xdm {

std::string Rejection::reason() const {
    if (violations.empty()) return "";
    std::string text = violations.front().line();
    if (violations.size() > 1) text += " (and " + std::to_string(violations.size() - 1) + " more)";
    return text;
}

}  // namespace aep::xdm
