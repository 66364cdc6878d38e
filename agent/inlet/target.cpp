#include "inlet/target.hpp"

#include <algorithm>
#include <charconv>

namespace aep::inlet {
namespace {

/// Percent-decoding and `+` for a blank, as forms have it; a `%` without two digits stays.
std::string decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const char* digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
            out.push_back(static_cast<char>(value));
            i += 2;
        } else {
            out.push_back(text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

bool is_inlet_id(std::string_view text) {
    constexpr std::size_t kLongest = 128;
    return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
}

}  // namespace

std::optional<std::string> Target::query(std::string_view key) const {
    const auto found = queries.find(key);
    if (found == queries.end()) return std::nullopt;
    return found->second;
}

Target parse_target(std::string_view text) {
    const std::size_t mark = std::min(text.find('?'), text.size());
    Target target;
    target.path = text.substr(0, mark);
    for (std::string_view rest = text.substr(std::min(mark + 1, text.size())); !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        target.queries[decode(pair.substr(0, equals))] =
            decode(pair.substr(std::min(equals + 1, pair.size())));
    }
    return target;
}

std::optional<CollectionPath> parse_collection_path(std::string_view path) {
    constexpr std::string_view kSingle = "/collection/";
    constexpr std::string_view kBatch = "/collection/batch/";
    CollectionPath found;
    found.batch = path.starts_with(kBatch);
    if (!found.batch && !path.starts_with(kSingle)) return std::nullopt;
    found.inlet_id = path.substr(found.batch ? kBatch.size() : kSingle.size());
    if (!is_inlet_id(found.inlet_id)) return std::nullopt;
    return found;
}

}  // namespace aep::inlet
