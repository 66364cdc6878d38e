#include "source/glob.hpp"

#include <fnmatch.h>

#include <cstddef>
#include <span>

namespace aep::source {
namespace {

using Components = std::span<const std::string>;

/// With a row per pattern component instead of recursion: patterns with many `**` stay quadratic.
bool matches_components(Components pattern, Components path) {
    std::vector<bool> reached(path.size() + 1,
                              false);  // reached[i]: the pattern so far can match i components
    reached[0] = true;
    for (const std::string& part : pattern) {
        std::vector<bool> next(path.size() + 1, false);
        if (part == "**") {
            bool any = false;
            for (std::size_t i = 0; i <= path.size(); ++i) next[i] = any = any || reached[i];
        } else {
            for (std::size_t i = 0; i < path.size(); ++i) {
                next[i + 1] = reached[i] && ::fnmatch(part.c_str(), path[i].c_str(), 0) == 0;
            }
        }
        reached = std::move(next);
    }
    return reached[path.size()];
}

}  // namespace

bool has_wildcard(std::string_view pattern) {
    return pattern.find_first_of("*?[\\") != std::string_view::npos;
}

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> components;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view component = path.substr(0, slash);
        if (!component.empty() && component != ".") components.emplace_back(component);
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return components;
}

bool matches_name(const std::string& pattern, const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

bool is_excluded(const std::string& pattern, const std::string& path) {
    const std::vector<std::string> components = split_path(path);
    if (components.empty()) return false;
    if (pattern.find('/') == std::string::npos) {
        return ::fnmatch(pattern.c_str(), components.back().c_str(), 0) == 0;
    }
    return matches_components(split_path(pattern), components);
}

}  // namespace aep::source
