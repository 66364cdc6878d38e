#include "config/yaml_file.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <utility>
#include <vector>

namespace aep::config {
namespace {

/// Thrown to leave the recursion; never leaves this file.
struct TooLarge {
    Place place;
};

bool is_block(const YAML::Node& node) {
    return (node.IsMap() || node.IsSequence()) && node.Style() == YAML::EmitterStyle::Block;
}

/// Turns yaml-cpp's nodes into Values. yaml-cpp's marks count from 0.
class Converter {
  public:
    Converter(const std::shared_ptr<const File>& file, Problems& problems)
        : file_{file}, problems_{problems} {}

    Value convert(const YAML::Node& node, const std::string& path, const Place& parent, std::size_t depth) {
        Value value;
        value.path = path;
        value.place = place_of(node, parent);
        if (++count_ > kMaxValues || depth > kMaxDepth) throw TooLarge{value.place};
        if (node.IsScalar()) {
            value.type = Value::Type::Scalar;
            value.text = node.Scalar();
        } else if (node.IsSequence()) {
            value.type = Value::Type::List;
            add_items(value, node, depth);
        } else if (node.IsMap()) {
            value.type = Value::Type::Map;
            add_entries(value, node, depth);
        } else {
            value.place = parent;
        }
        return value;
    }

  private:
    Place place_of(const YAML::Node& node, const Place& parent) const {
        const YAML::Mark mark = node.Mark();
        if (mark.is_null()) return parent;
        return {file_, static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
    }

    void add_items(Value& list, const YAML::Node& node, std::size_t depth) {
        for (const YAML::Node& item : node) {
            const std::string path = fmt::format("{}[{}]", list.path, list.items.size());
            list.items.push_back(convert(item, path, list.place, depth + 1));
        }
    }

    void add_entries(Value& map, const YAML::Node& node, std::size_t depth) {
        for (const auto& pair : node) {
            const YAML::Node& key_node = pair.first;
            const YAML::Node& value_node = pair.second;
            const Place place = place_of(key_node, map.place);
            if (!usable(key_node, place, map)) continue;
            const std::string& key = key_node.Scalar();
            const std::string path = map.path.empty() ? key : map.path + "." + key;
            Value value = convert(value_node, path, place, depth + 1);
            // A block begins, for its reader, at its key and not at its first entry on the next line.
            if (is_block(value_node)) value.place = place;
            map.entries.push_back({key, place, std::move(value)});
        }
    }

    bool usable(const YAML::Node& key, const Place& place, const Value& map) {
        const std::string where = map.path.empty() ? "at the top level" : "in " + map.path;
        if (!key.IsScalar()) {
            problems_.push_back({place, "a key " + where + " is not a single word", "write `key: value`"});
            return false;
        }
        if (key.Scalar() == "<<") {
            problems_.push_back(
                {place, "merge key '<<' " + where + " is not supported", "write the keys out"});
            return false;
        }
        for (const Value::Entry& entry : map.entries) {
            if (entry.key != key.Scalar()) continue;
            problems_.push_back({place, "duplicate key " + in_quotes(entry.key) + " " + where,
                                 "first given at " + entry.place.to_string() + ", remove one of them"});
            return false;
        }
        return true;
    }

    const std::shared_ptr<const File>& file_;
    Problems& problems_;
    std::size_t count_ = 0;
};

/// The commonest trap: `{id: ${NAME}}` ends the map at the variable's brace.
std::string advice(const std::string& text, int line) {
    std::size_t begin = 0;
    for (int i = 0; i < line && begin != std::string::npos; ++i) {
        begin = text.find('\n', begin);
        if (begin != std::string::npos) ++begin;
    }
    if (begin == std::string::npos) return {};
    const std::string content = text.substr(begin, text.find('\n', begin) - begin);
    const bool braces = content.find("${") != std::string::npos;
    return braces ? "within {...} or [...] a value with ${...} must be in quotes" : std::string{};
}

Place place_at(const std::shared_ptr<const File>& file, const YAML::Mark& mark) {
    if (mark.is_null()) return {file, 0, 0};
    return {file, static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

}  // namespace

std::optional<Value> parse_yaml(const std::string& text, const std::shared_ptr<const File>& file,
                                Problems& problems) {
    const Place whole{file, 1, 1};
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1) {
            problems.push_back({place_at(file, documents[1].Mark()), "a second YAML document begins here",
                                "put it into a file of its own"});
            return std::nullopt;
        }
        Value empty;
        empty.type = Value::Type::Map;
        empty.place = whole;
        if (documents.empty() || documents.front().IsNull()) return empty;
        if (!documents.front().IsMap()) {
            problems.push_back(
                {whole, "the file is not a map of sections", "write e.g. `sources:` on a line"});
            return std::nullopt;
        }
        return Converter{file, problems}.convert(documents.front(), "", whole, 0);
    } catch (const YAML::Exception& fault) {
        problems.push_back({place_at(file, fault.mark), "not valid YAML: " + fault.msg,
                            fault.mark.is_null() ? std::string{} : advice(text, fault.mark.line)});
    } catch (const TooLarge& fault) {
        problems.push_back({fault.place,
                            fmt::format("more than {} values, or more than {} levels", kMaxValues, kMaxDepth),
                            "split the configuration, and check its aliases"});
    }
    return std::nullopt;
}

}  // namespace aep::config
