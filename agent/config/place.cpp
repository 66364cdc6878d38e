#include "config/place.hpp"

#include <fmt/format.h>

#include <tuple>

namespace aep::config {

std::string Place::to_string() const {
    if (!file) return {};
    if (line == 0) return file->name;
    return fmt::format("{}:{}:{}", file->name, line, column);
}

bool comes_before(const Place& left, const Place& right) {
    const auto key = [](const Place& place) {
        return std::tuple{place.file ? place.file->order : 0, place.line, place.column};
    };
    return key(left) < key(right);
}

}  // namespace aep::config
