#include "config/map_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/bytes.hpp"
#include "base/suggest.hpp"
#include "base/version.hpp"

namespace aep::config {
namespace {

std::string not_available() {
    return fmt::format("not available in this version ({})", base::kVersion);
}

/// "destinations[3].batch" -> "destinations[].batch"
std::string without_indices(std::string_view path) {
    std::string generic;
    bool inside = false;
    for (const char c : path) {
        if (c == ']') inside = false;
        if (!inside) generic += c;
        if (c == '[') inside = true;
    }
    return generic;
}

/// Decimal without sign and without leading zeros: YAML 1.1 would read those as octal.
std::optional<std::size_t> parse_integer(std::string_view text) {
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    std::size_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

MapReader::MapReader(const Value* map, std::string path, Place place, Effective& shown, Context& context,
                     std::string_view scalar_key)
    : map_{map}, path_{std::move(path)}, place_{std::move(place)}, shown_{shown}, context_{context} {
    if (map_ != nullptr && map_->type == Value::Type::Scalar) scalar_key_ = scalar_key;
}

void MapReader::text(std::string_view key, std::string& out, const Check& check) {
    if (const Value* value = scalar(key)) {
        if (value->text.empty()) {
            fail(*value, "is empty", "give it a value or remove the key");
        } else if (const std::optional<Fault> fault = check ? check(value->text) : std::nullopt) {
            fail(*value, value->shown() + " " + fault->text, fault->suggestion);
        } else {
            out = value->text;
        }
    }
    if (has(key) || !out.empty()) shown_.add(key, out, find(key));
}

void MapReader::texts(std::string_view key, std::vector<std::string>& out, const Check& check,
                      const std::function<std::string(const Value&)>& resolve) {
    know(key);
    const Value* list = find(key);
    if (list == nullptr) return;
    if (list->broken) return;
    if (list->type != Value::Type::List) {
        fail(*list, "expected a list, not " + std::string{name_of(list->type)},
             "write it as [" + (list->type == Value::Type::Scalar ? "value" : std::string{"value, value"}) +
                 "]");
        return;
    }
    Effective& branch = shown_.add_branch(key, list);
    for (const Value& item : list->items) {
        if (item.broken) continue;
        if (item.type != Value::Type::Scalar || item.text.empty()) {
            fail(item, "expected a single value, not " +
                           std::string{item.type == Value::Type::Scalar ? "nothing" : name_of(item.type)});
        } else if (const std::optional<Fault> fault = check ? check(item.text) : std::nullopt) {
            fail(item, item.shown() + " " + fault->text, fault->suggestion);
        } else {
            out.push_back(resolve ? resolve(item) : item.text);
            branch.add("", out.back(), &item);
        }
    }
}

void MapReader::integer(std::string_view key, std::size_t& out, Range<std::size_t> range) {
    if (const Value* value = scalar(key)) {
        const std::optional<std::size_t> number = parse_integer(value->text);
        if (!number) {
            fail(*value, value->shown() + " is not a whole number",
                 fmt::format("write one from {} to {}", range.min, range.max));
        } else if (*number < range.min || *number > range.max) {
            report_range(*value, *number > range.max,
                         std::to_string(*number > range.max ? range.max : range.min));
        } else {
            out = *number;
        }
    }
    shown_.add(key, std::to_string(out), find(key));
}

void MapReader::fraction(std::string_view key, double& out) {
    if (const Value* value = scalar(key)) {
        const char* end = value->text.data() + value->text.size();
        double number = 0;
        const auto [rest, error] = std::from_chars(value->text.data(), end, number, std::chars_format::fixed);
        if (error == std::errc{} && rest == end && number > 0 && number <= 1) {
            out = number;
        } else {
            fail(*value, value->shown() + " is not a fraction",
                 "write a number above 0 and at most 1, such as 0.25");
        }
    }
    shown_.add(key, fmt::format("{}", out), find(key));
}

void MapReader::size(std::string_view key, std::size_t& out, Range<std::size_t> range) {
    if (const Value* value = scalar(key)) {
        const std::optional<std::uint64_t> bytes = base::parse_bytes(value->text);
        if (!bytes) {
            fail(*value, value->shown() + " is not a size",
                 "write a whole number and a unit: 900KB, 1MB, 64KiB, 1MiB, 1GiB");
        } else if (*bytes < range.min || *bytes > range.max) {
            report_range(*value, *bytes > range.max,
                         base::format_bytes(*bytes > range.max ? range.max : range.min));
        } else {
            out = *bytes;
        }
    }
    shown_.add(key, base::format_bytes(out), find(key));
}

void MapReader::share(std::string_view key, double& out) {
    if (const Value* value = scalar(key)) {
        double number = 0;
        const char* const end = value->text.data() + value->text.size();
        const auto [rest, error] = std::from_chars(value->text.data(), end, number, std::chars_format::fixed);
        if (error != std::errc{} || rest != end || number < 0 || number >= 1) {
            fail(*value, value->shown() + " is not a share",
                 "write a fraction from 0 to below 1, such as 0.2");
        } else {
            out = number;
        }
    }
    shown_.add(key, fmt::format("{}", out), find(key));
}

void MapReader::duration(std::string_view key, base::Millis& out, Range<base::Millis> range) {
    if (const Value* value = scalar(key)) {
        const std::optional<base::Millis> time = base::parse_duration(value->text);
        if (!time) {
            fail(*value, value->shown() + " is not a duration",
                 "write a whole number and a unit: 500ms, 30s, 5m, 1h");
        } else if (*time < range.min || *time > range.max) {
            report_range(*value, *time > range.max,
                         base::format_duration(*time > range.max ? range.max : range.min));
        } else {
            out = *time;
        }
    }
    shown_.add(key, base::format_duration(out), find(key));
}

std::optional<std::filesystem::path> MapReader::absolute(const Value& value) {
    if (value.text.empty() || value.text.find('\0') != std::string::npos) {
        fail(value, "is not a path", "give it a value or remove the key");
        return std::nullopt;
    }
    const auto base = value.place.file ? value.place.file->directory : std::filesystem::current_path();
    return (base / value.text).lexically_normal();
}

void MapReader::path(std::string_view key, std::filesystem::path& out) {
    if (const Value* value = scalar(key)) {
        if (auto path = absolute(*value)) out = std::move(*path);
    }
    if (!out.empty()) shown_.add(key, out.string(), find(key));
}

void MapReader::paths(std::string_view key, std::vector<std::filesystem::path>& out) {
    const Value* list = find(key);
    if (list == nullptr || list->type != Value::Type::List) {
        std::filesystem::path single;
        path(key, single);
        if (!single.empty()) out.push_back(std::move(single));
        return;
    }
    std::vector<std::string> shown;
    texts(key, shown, {}, [&](const Value& item) {
        const auto path = absolute(item);
        if (path) out.push_back(*path);
        return path ? path->string() : item.text;
    });
    if (list->items.empty()) fail(*list, "has no entries", "name a file");
}

bool MapReader::pick(std::string_view key, const std::vector<std::string>& now,
                     const std::vector<std::string_view>& later, std::size_t& index) {
    const Value* value = scalar(key);
    if (value == nullptr) {
        shown_.add(key, now[index], nullptr);
        return !has(key);
    }
    if (const auto found = std::find(now.begin(), now.end(), value->text); found != now.end()) {
        index = static_cast<std::size_t>(found - now.begin());
        shown_.add(key, value->text, value);
        return true;
    }
    if (std::find(later.begin(), later.end(), value->text) != later.end()) {
        fail(*value, value->shown() + " is " + not_available(), base::suggest("", now, "this version has"));
        return false;
    }
    std::vector<std::string> all = now;
    all.insert(all.end(), later.begin(), later.end());
    const std::string near = base::nearest(value->text, all);
    fail(*value, value->shown() + " is not known",
         near.empty() ? base::suggest("", now, "use one of") : "did you mean '" + near + "'?");
    return false;
}

bool MapReader::is_word(std::string_view key, std::string_view word, bool is_default) {
    const Value* value = find(key);
    const bool given =
        value != nullptr && !value->broken && value->type == Value::Type::Scalar && value->text == word;
    const bool assumed = value == nullptr && is_default;
    if (!given && !assumed) return false;
    know(key);
    shown_.add(key, word, value);
    return true;
}

MapReader MapReader::section(std::string_view key, std::string_view scalar_key) {
    know(key);
    const Value* value = find(key);
    const bool usable =
        value != nullptr && !value->broken &&
        (value->type == Value::Type::Map || (value->type == Value::Type::Scalar && !scalar_key.empty()));
    if (value != nullptr && !usable && !value->broken) {
        fail(*value, "expected a map, not " + std::string{name_of(value->type)},
             value->type == Value::Type::Null ? "give it keys or remove it" : "");
    }
    const Value* map = usable ? value : nullptr;
    return {map,      path_of(key), map != nullptr ? map->place : place_, shown_.add_branch(key, map),
            context_, scalar_key};
}

std::vector<MapReader> MapReader::sections(std::string_view key) {
    know(key);
    std::vector<MapReader> readers;
    const Value* list = find(key);
    if (list == nullptr || list->broken) return readers;
    if (list->type != Value::Type::List) {
        fail(*list, "expected a list, not " + std::string{name_of(list->type)},
             "begin each entry with '- id: ...'");
        return readers;
    }
    Effective& branch = shown_.add_branch(key, list);
    for (const Value& item : list->items) {
        if (item.type == Value::Type::Map) {
            readers.emplace_back(&item, item.path, item.place, branch.add_branch("", &item), context_);
        } else if (!item.broken) {
            fail(item, "expected a map, not " + std::string{name_of(item.type)},
                 "begin the entry with '- id: ...'");
        }
    }
    return readers;
}

void MapReader::require(std::string_view key, std::string_view example) {
    know(key);
    if (has(key)) return;
    const std::string where = path_.empty() ? "" : path_ + ": ";
    context_.problems.push_back(
        {place_, where + in_quotes(key) + " is missing", fmt::format("add `{}`", example)});
}

void MapReader::later(std::string_view key, std::initializer_list<std::string_view> same) {
    know(key);
    const Value* value = find(key);
    if (value == nullptr || value->broken) return;
    const bool accepted =
        value->type == Value::Type::Scalar && std::find(same.begin(), same.end(), value->text) != same.end();
    if (accepted) {
        shown_.add(key, value->text, value);
    } else if (value->type == Value::Type::Scalar && same.size() > 0) {
        const std::vector<std::string> words{same.begin(), same.end()};
        fail(*value, value->shown() + " is " + not_available(), base::suggest("", words, "this version has"));
    } else {
        fail(*value, not_available(), "remove it");
    }
}

void MapReader::later_section(std::string_view key, std::initializer_list<std::string_view> keys) {
    know(key);
    const Value* value = find(key);
    if (value != nullptr && !value->broken) fail(*value, not_available(), "remove it");
    Effective hidden;
    const Value* map = value != nullptr && value->type == Value::Type::Map ? value : nullptr;
    MapReader inner{map, path_of(key), place_, hidden, context_};
    inner.ignore(keys);
    inner.finish();
}

void MapReader::misplaced(std::initializer_list<std::string_view> keys, std::string_view why) {
    for (const std::string_view key : keys) {
        know(key);
        if (const Value* value = find(key))
            fail(*value, "has no effect here, it is " + std::string{why}, "remove it");
    }
}

void MapReader::ignore(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) know(key);
}

void MapReader::finish() {
    if (map_ == nullptr) return;
    const std::string where = path_.empty() ? "at the top level" : "in " + path_;
    for (const Value::Entry& entry : map_->entries) {
        if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
        context_.problems.push_back({entry.place, "unknown key " + in_quotes(entry.key) + " " + where,
                                     base::suggest(entry.key, known_, "known are")});
    }
}

const Value* MapReader::scalar(std::string_view key) {
    know(key);
    const Value* value = find(key);
    if (value == nullptr || value->broken) return nullptr;
    if (value->type == Value::Type::Scalar) return value;
    if (value->type == Value::Type::Null) {
        fail(*value, "has no value", "give it one or remove the key");
    } else {
        fail(*value, "expected a single value, not " + std::string{name_of(value->type)});
    }
    return nullptr;
}

const Value* MapReader::find(std::string_view key) const {
    if (map_ == nullptr) return nullptr;
    if (!scalar_key_.empty()) return key == scalar_key_ ? map_ : nullptr;
    return map_->find(key);
}

void MapReader::fail(const Value& value, std::string text, std::string suggestion) {
    const std::string where = value.path.empty() ? path_ : value.path;
    context_.problems.push_back({value.place, where + ": " + std::move(text), std::move(suggestion)});
}

void MapReader::fail(std::string_view key, std::string text, std::string suggestion) {
    if (const Value* value = find(key)) return fail(*value, std::move(text), std::move(suggestion));
    context_.problems.push_back({place_, path_of(key) + ": " + std::move(text), std::move(suggestion)});
}

void MapReader::know(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    context_.known_keys.insert(without_indices(path_of(key)));
}

std::string MapReader::path_of(std::string_view key) const {
    return path_.empty() ? std::string{key} : fmt::format("{}.{}", path_, key);
}

void MapReader::report_range(const Value& value, bool too_large, const std::string& bound) {
    fail(value, value.shown() + (too_large ? " is too large" : " is too small"),
         (too_large ? "at most " : "at least ") + bound);
}

}  // namespace aep::config
