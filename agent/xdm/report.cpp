#include "xdm/report.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace aep::xdm {

std::string Violation::line() const {
    return (pointer.empty() ? "the record" : pointer) + ": " + message;
}

void Report::clear() {
    violations_.clear();
    total_ = 0;
}

bool Report::wants(std::string_view keyword, std::string_view pointer, std::string_view key) const {
    if (violations_.size() < kMost) return true;
    const Violation& last = violations_.back();
    return std::tuple{pointer, keyword, key} <
           std::tuple{std::string_view{last.pointer}, last.keyword, std::string_view{last.key}};
}

void Report::add(Violation violation) {
    ++total_;
    const auto before = [](const Violation& left, const Violation& right) {
        return std::tie(left.pointer, left.keyword, left.key) <
               std::tie(right.pointer, right.keyword, right.key);
    };
    const auto at = std::upper_bound(violations_.begin(), violations_.end(), violation, before);
    violations_.insert(at, std::move(violation));
    if (violations_.size() > kMost) violations_.pop_back();
}

}  // namespace aep::xdm
