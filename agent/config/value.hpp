#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/place.hpp"

namespace aep::config {

/// One value of a configuration file, with the place where it stands. Scalars are text: the readers know
/// which type a key has, so that `0600`, `yes` or a version `1` mean what they say.
struct Value {
    enum class Type { Null, Scalar, List, Map };
    struct Entry;

    Type type = Type::Null;
    std::string text;                      ///< of a scalar
    std::vector<Value> items;              ///< of a list
    std::vector<Entry> entries;            ///< of a map, keys unique, in the file's order
    std::string path;                      ///< "destinations[0].batch": for messages
    Place place;                           ///< where it begins
    std::vector<std::string> substituted;  ///< "${NAME}" and "${file:PATH}" that `text` was made with
    std::filesystem::path whole_file;      ///< `text` is the contents of this file and nothing else
    bool broken = false;  ///< already reported: readers pass over it, so that one fault is one problem

    /// Null where the map has no such key.
    [[nodiscard]] const Value* find(std::string_view key) const;
    [[nodiscard]] Value* find(std::string_view key);

    /// The text as messages show it: what came from the environment or a file is named, not shown.
    [[nodiscard]] std::string shown() const;
};

struct Value::Entry {
    std::string key;
    Place place;  ///< of the key
    Value value;
};

/// "a list", "a map", ...: for messages.
[[nodiscard]] std::string_view name_of(Value::Type type);

}  // namespace aep::config
