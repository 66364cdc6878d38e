#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.hpp"
#include "config/context.hpp"
#include "config/effective.hpp"
#include "config/value.hpp"

namespace aep::config {

/// Both ends belong to it.
template <class T>
struct Range {
    T min;
    T max;
};

/// What is wrong with a value, less its place: "is not a UUID".
struct Fault {
    std::string text;
    std::string suggestion = {};
};
using Check = std::function<std::optional<Fault>(std::string_view)>;

/// The words that a key takes. `later`: known words whose meaning comes with a later version.
template <class Enum>
struct Words {
    std::vector<std::pair<std::string_view, Enum>> now;
    std::vector<std::string_view> later = {};
};

/// Reads one map of the configuration, key by key, and makes its section parser a list of what the section
/// holds. Each verb takes the key and where its value goes; there the default stands, and it stays when the
/// key is absent. A wrong value is reported to the context, and reading goes on, so that one run finds all of
/// them. Each verb also adds the value to the effective configuration. An absent map reads as an empty one.
///
/// Refers to the map, the context and the effective configuration: confined to their scope.
class MapReader {
  public:
    /// `map` may be null or, for the short form of a section (`codec: ndjson`), a scalar that stands for the
    /// key `scalar_key`.
    MapReader(const Value* map, std::string path, Place place, Effective& shown, Context& context,
              std::string_view scalar_key = {});

    void text(std::string_view key, std::string& out, const Check& check = {});
    /// `resolve` makes of each entry what it stands for, such as an absolute path; empty: itself.
    void texts(std::string_view key, std::vector<std::string>& out, const Check& check = {},
               const std::function<std::string(const Value&)>& resolve = {});
    void integer(std::string_view key, std::size_t& out, Range<std::size_t> range);
    /// Above 0, at most 1.
    void fraction(std::string_view key, double& out);
    void size(std::string_view key, std::size_t& out, Range<std::size_t> range);
    /// A decimal fraction from 0 to below 1.
    void share(std::string_view key, double& out);
    void duration(std::string_view key, base::Millis& out, Range<base::Millis> range);
    /// A file or directory, relative to the file that names it; absolute afterwards.
    void path(std::string_view key, std::filesystem::path& out);
    /// One of them, or a list.
    void paths(std::string_view key, std::vector<std::filesystem::path>& out);

    /// False when the value is none of the words that work now (which is reported).
    template <class Enum>
    bool choice(std::string_view key, Enum& out, const Words<Enum>& words) {
        std::vector<std::string> now;
        std::size_t index = 0;
        for (const auto& [word, meaning] : words.now) {
            if (meaning == out) index = now.size();
            now.emplace_back(word);
        }
        if (!pick(key, now, words.later, index)) return false;
        out = words.now[index].second;
        return true;
    }

    /// True where the key holds this word in place of a number or the like (`workers: auto`); it is done
    /// then.
    bool is_word(std::string_view key, std::string_view word, bool is_default);

    /// The map below `key`; with `scalar_key` the short form is allowed too.
    [[nodiscard]] MapReader section(std::string_view key, std::string_view scalar_key = {});
    /// The maps of the list below `key`.
    [[nodiscard]] std::vector<MapReader> sections(std::string_view key);

    /// Reports the key as missing where it is. `example` is what to add.
    void require(std::string_view key, std::string_view example);
    /// A key that works in a later version only. `same` are the values that mean what this version does.
    void later(std::string_view key, std::initializer_list<std::string_view> same = {});
    /// The same for a section, whose keys are checked by name.
    void later_section(std::string_view key, std::initializer_list<std::string_view> keys);
    /// Keys that are known but not for this map; `why` says when they are ("only for type 'file'").
    void misplaced(std::initializer_list<std::string_view> keys, std::string_view why);
    /// Keys that are passed over.
    void ignore(std::initializer_list<std::string_view> keys);
    /// Reports keys that no verb asked for. Once, at the end.
    void finish();

    [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
    /// The scalar below `key`; null where it is absent or already reported.
    [[nodiscard]] const Value* scalar(std::string_view key);
    /// The value below `key`, whatever it is.
    [[nodiscard]] const Value* find(std::string_view key) const;
    void fail(const Value& value, std::string text, std::string suggestion = {});
    /// The same for a key that may be absent: then the map's place is named.
    void fail(std::string_view key, std::string text, std::string suggestion = {});
    [[nodiscard]] const std::string& where() const { return path_; }
    [[nodiscard]] bool present() const { return map_ != nullptr; }
    [[nodiscard]] Context& context() { return context_; }
    [[nodiscard]] Effective& shown() { return shown_; }

  private:
    void know(std::string_view key);
    [[nodiscard]] std::optional<std::filesystem::path> absolute(const Value& value);
    [[nodiscard]] std::string path_of(std::string_view key) const;
    [[nodiscard]] bool pick(std::string_view key, const std::vector<std::string>& now,
                            const std::vector<std::string_view>& later, std::size_t& index);
    void report_range(const Value& value, bool too_large, const std::string& bound);

    const Value* map_;
    std::string path_;
    Place place_;
    Effective& shown_;
    Context& context_;
    std::string scalar_key_;  ///< not empty: map_ is a scalar that stands for this key
    std::vector<std::string> known_;
};

}  // namespace aep::config
