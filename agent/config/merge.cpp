#include "config/merge.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace aep::config {
namespace {

enum class Level { Top, Inner };

Value::Entry* entry_of(Value& map, std::string_view key) {
    const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                    [key](const Value::Entry& entry) { return entry.key == key; });
    return found == map.entries.end() ? nullptr : &*found;
}

void merge_map(Value& into, Value from, Level level, Problems& problems);

void merge_entry(Value::Entry& known, Value::Entry added, Level level, Problems& problems) {
    Value& old = known.value;
    if (old.type == Value::Type::Null) {
        known = std::move(added);
    } else if (old.type == Value::Type::Map && added.value.type == Value::Type::Map) {
        merge_map(old, std::move(added.value), Level::Inner, problems);
    } else if (level == Level::Top && old.type == Value::Type::List &&
               added.value.type == Value::Type::List) {
        std::move(added.value.items.begin(), added.value.items.end(), std::back_inserter(old.items));
    } else if (added.value.type != Value::Type::Null) {
        problems.push_back({added.place, added.value.path + " is given in two files",
                            "the other place is " + known.place.to_string() + ", remove one of them"});
    }
}

void merge_map(Value& into, Value from, Level level, Problems& problems) {
    for (Value::Entry& added : from.entries) {
        if (Value::Entry* known = entry_of(into, added.key)) {
            merge_entry(*known, std::move(added), level, problems);
        } else {
            into.entries.push_back(std::move(added));
        }
    }
}

}  // namespace

Value merge(std::vector<Value> files, Problems& problems) {
    Value merged = std::move(files.front());
    for (std::size_t i = 1; i < files.size(); ++i) {
        merge_map(merged, std::move(files[i]), Level::Top, problems);
    }
    return merged;
}

}  // namespace aep::config
