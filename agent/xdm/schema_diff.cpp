#include "xdm/schema_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/json_text.hpp"
#include "xdm/descriptors.hpp"
#include "xdm/integer_storage.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/json_text.hpp"
#include "xdm/number.hpp"

namespace aep::xdm {
namespace {

/// Schemas within schemas deeper than this are not looked into: their texts are compared.
constexpr std::size_t kMostNested = 200;

constexpr std::array<std::string_view, 5> kLowerBounds{"minimum", "exclusiveMinimum", "minLength", "minItems",
                                                       "minProperties"};
constexpr std::array<std::string_view, 5> kUpperBounds{"maximum", "exclusiveMaximum", "maxLength", "maxItems",
                                                       "maxProperties"};
/// One schema below, that the values of an array or a map must pass.
constexpr std::array<std::string_view, 2> kBelow{"items", "additionalProperties"};
/// Words that are for people or for the registry.
constexpr std::array<std::string_view, 5> kCompatible{"$id", "$schema", "default", "meta:enum", "meta:class"};
constexpr std::array<std::string_view, 13> kOther{
    "pattern",       "format",       "multipleOf",      "const",
    "not",           "anyOf",        "oneOf",           "contains",
    "propertyNames", "dependencies", "additionalItems", "patternProperties",
    "$ref"};

/// Those that open an object that the registry would close for its properties.
constexpr std::array<std::string_view, 3> kOpening{"patternProperties", "oneOf", "anyOf"};

std::string text_of(const Json* value) {
    return value == nullptr ? "" : json_text(*value);
}

std::set<std::string> words_of(const Json* list) {
    std::set<std::string> words;
    if (list == nullptr) return words;
    if (!list->is_array()) words.insert(json_text(*list));
    for (const Json& item : list->is_array() ? list->items() : std::span<const Json>{})
        words.insert(json_text(item));
    return words;
}

/// Of two sets of values that are allowed.
Effect effect_of_choice(const std::set<std::string>& before, const std::set<std::string>& after) {
    if (std::ranges::includes(after, before)) return Effect::Looser;
    if (std::ranges::includes(before, after)) return Effect::Stricter;
    return Effect::Different;
}

class Comparison {
  public:
    std::vector<SchemaChange> run(const Json& before, const Json& after) {
        schemas(before, after, "", 0);
        identities(before, after);
        return std::move(changes_);
    }

  private:
    void add(const std::string& path, std::string_view keyword, const Json* before, const Json* after,
             Effect effect, std::string_view key = {}) {
        changes_.push_back(
            {path, std::string{keyword}, std::string{key}, text_of(before), text_of(after), effect});
    }

    void schemas(const Json& before, const Json& after, const std::string& path, std::size_t depth) {
        if (!before.is_object() || !after.is_object() || depth > kMostNested) {
            // Boolean schemas: true takes all, false nothing.
            if (json_text(before) == json_text(after)) return;
            const auto takes_all = [](const Json& schema) {
                return schema.kind() == ValueKind::Boolean && schema.boolean();
            };
            const auto takes_none = [](const Json& schema) {
                return schema.kind() == ValueKind::Boolean && !schema.boolean();
            };
            const Effect effect = takes_all(after) || takes_none(before)   ? Effect::Looser
                                  : takes_all(before) || takes_none(after) ? Effect::Stricter
                                                                           : Effect::Different;
            return add(path, "schema", &before, &after, effect);
        }
        type(before, after, path);
        choice(before, after, path);
        for (const std::string_view bound : kLowerBounds) limit(before, after, path, bound, false);
        for (const std::string_view bound : kUpperBounds) limit(before, after, path, bound, true);
        for (const std::string_view word : kCompatible) {
            if (differs(before, after, word))
                add(path, word, before.find(word), after.find(word), Effect::Compatible);
        }
        for (const std::string_view word : kOther) other(before, after, path, word);
        xdm_type(before, after, path);
        unique(before, after, path);
        required(before, after, path);
        properties(before, after, path, depth);
        for (const std::string_view word : kBelow) below(before, after, path, word, depth);
        definitions(before, after, path, depth);
        parts(before, after, path, depth);
    }

    static bool differs(const Json& before, const Json& after, std::string_view word) {
        return text_of(before.find(word)) != text_of(after.find(word));
    }

    void type(const Json& before, const Json& after, const std::string& path) {
        const Json* old_type = before.find("type");
        const Json* new_type = after.find("type");
        if (words_of(old_type) == words_of(new_type)) return;
        Effect effect = Effect::Different;
        if (new_type == nullptr) {
            effect = Effect::Looser;
        } else if (old_type == nullptr) {
            effect = Effect::Stricter;
        } else {
            effect = effect_of_choice(with_integers(words_of(old_type)), with_integers(words_of(new_type)));
        }
        add(path, "type", old_type, new_type, effect);
    }

    /// The integers among them say what an integer can be, the others nothing.
    void xdm_type(const Json& before, const Json& after, const std::string& path) {
        constexpr std::string_view kWord = "meta:xdmType";
        if (!differs(before, after, kWord)) return;
        const IntegerStorage* old_storage = storage_of(before);
        const IntegerStorage* new_storage = storage_of(after);
        Effect effect = Effect::Compatible;
        if (old_storage != nullptr &&
            (new_storage == nullptr || new_storage->highest > old_storage->highest)) {
            effect = Effect::Looser;
        } else if (new_storage != nullptr &&
                   (old_storage == nullptr || new_storage->highest < old_storage->highest)) {
            effect = Effect::Stricter;
        }
        add(path, kWord, before.find(kWord), after.find(kWord), effect);
    }

    static const IntegerStorage* storage_of(const Json& schema) {
        const Json* type = schema.find("meta:xdmType");
        const auto types = words_of(schema.find("type"));
        const bool confined = type != nullptr && type->is_string() && types.contains("\"integer\"") &&
                              !types.contains("\"number\"");
        return confined ? integer_storage(type->text()) : nullptr;
    }

    void unique(const Json& before, const Json& after, const std::string& path) {
        constexpr std::string_view kWord = "uniqueItems";
        const auto is_unique = [&](const Json& schema) {
            const Json* word = schema.find(kWord);
            return word != nullptr && word->kind() == ValueKind::Boolean && word->boolean();
        };
        if (is_unique(before) == is_unique(after)) return;
        add(path, kWord, before.find(kWord), after.find(kWord),
            is_unique(after) ? Effect::Stricter : Effect::Looser);
    }

    /// A primary identity is required.
    void identities(const Json& before, const Json& after) {
        const auto pointers = [](const Json& schema) {
            std::set<std::string> found;
            for (const PrimaryIdentity& identity : primary_identities(schema))
                found.insert(identity.pointer());
            return found;
        };
        const std::set<std::string> old_paths = pointers(before);
        const std::set<std::string> new_paths = pointers(after);
        for (const std::string& path : new_paths) {
            if (!old_paths.contains(path))
                add("", "meta:descriptors", nullptr, nullptr, Effect::Stricter, path);
        }
        for (const std::string& path : old_paths) {
            if (!new_paths.contains(path))
                add("", "meta:descriptors", nullptr, nullptr, Effect::Looser, path);
        }
    }

    /// Each number type includes the integers.
    static std::set<std::string> with_integers(std::set<std::string> types) {
        if (types.contains("\"number\"")) types.insert("\"integer\"");
        return types;
    }

    void choice(const Json& before, const Json& after, const std::string& path) {
        const Json* old_list = before.find("enum");
        const Json* new_list = after.find("enum");
        if (words_of(old_list) == words_of(new_list) && (old_list == nullptr) == (new_list == nullptr))
            return;
        const Effect effect = new_list == nullptr ? Effect::Looser
                              : old_list == nullptr
                                  ? Effect::Stricter
                                  : effect_of_choice(words_of(old_list), words_of(new_list));
        add(path, "enum", old_list, new_list, effect);
    }

    void limit(const Json& before, const Json& after, const std::string& path, std::string_view word,
               bool upper) {
        const Json* old_limit = before.find(word);
        const Json* new_limit = after.find(word);
        if (text_of(old_limit) == text_of(new_limit)) return;
        Effect effect = Effect::Different;
        if (new_limit == nullptr || old_limit == nullptr) {
            effect = new_limit == nullptr ? Effect::Looser : Effect::Stricter;
        } else if (is_number(old_limit->kind()) && is_number(new_limit->kind())) {
            const auto order = compare(number_of(JsonView{new_limit}), number_of(JsonView{old_limit}));
            if (std::is_eq(order)) return;
            effect = std::is_gt(order) == upper ? Effect::Looser : Effect::Stricter;
        }
        add(path, word, old_limit, new_limit, effect);
    }

    void other(const Json& before, const Json& after, const std::string& path, std::string_view word) {
        if (!differs(before, after, word)) return;
        const Json* old_value = before.find(word);
        const Json* new_value = after.find(word);
        const bool opens = std::ranges::find(kOpening, word) != kOpening.end();
        const Effect effect = opens && is_closed(before) != is_closed(after) ? Effect::Different
                              : old_value == nullptr                         ? Effect::Stricter
                              : new_value == nullptr                         ? Effect::Looser
                                                                             : Effect::Different;
        add(path, word, old_value, new_value, effect);
    }

    void required(const Json& before, const Json& after, const std::string& path) {
        const auto keys = [](const Json* list) {
            std::set<std::string_view> found;
            for (const Json& key :
                 list != nullptr && list->is_array() ? list->items() : std::span<const Json>{}) {
                if (key.is_string()) found.insert(key.text());
            }
            return found;
        };
        const auto old_keys = keys(before.find("required"));
        const auto new_keys = keys(after.find("required"));
        for (const std::string_view key : new_keys) {
            if (!old_keys.contains(key)) add(path, "required", nullptr, nullptr, Effect::Stricter, key);
        }
        for (const std::string_view key : old_keys) {
            if (!new_keys.contains(key)) add(path, "required", nullptr, nullptr, Effect::Looser, key);
        }
    }

    /// Whether keys that it does not list are refused.
    static bool is_closed(const Json& schema) {
        if (const Json* additional = schema.find("additionalProperties")) {
            return additional->kind() == ValueKind::Boolean && !additional->boolean();
        }
        return schema.find("properties") != nullptr &&
               std::ranges::none_of(kOpening,
                                    [&](std::string_view word) { return schema.find(word) != nullptr; });
    }

    /// Of a key being named in one schema and not in `other`, which takes it by a pattern, for all that is
    /// known, or by its additionalProperties.
    static Effect effect_of_unnaming(const Json& other, Effect if_closed, Effect if_open) {
        const Json* additional = other.find("additionalProperties");
        const bool has_patterns = other.find("patternProperties") != nullptr;
        if (has_patterns || (additional != nullptr && additional->is_object())) return Effect::Different;
        return is_closed(other) ? if_closed : if_open;
    }

    void properties(const Json& before, const Json& after, const std::string& path, std::size_t depth) {
        const Json none{std::span<const JsonMember>{}};
        const Json* old_list = before.find("properties");
        const Json* new_list = after.find("properties");
        if (is_empty(old_list) && is_empty(new_list) && is_closed(before) != is_closed(after)) {
            add(path, "properties", old_list, new_list, is_closed(after) ? Effect::Stricter : Effect::Looser);
        }
        for (const JsonMember& member : (old_list != nullptr ? old_list : &none)->members()) {
            std::string pointer = path;
            append_pointer_step(pointer, member.key);
            if (const Json* now = new_list != nullptr ? new_list->find(member.key) : nullptr) {
                schemas(member.value, *now, pointer, depth + 1);
            } else {
                add(path, "properties", &member.value, nullptr,
                    effect_of_unnaming(after, Effect::Stricter, Effect::Looser), member.key);
            }
        }
        for (const JsonMember& member : (new_list != nullptr ? new_list : &none)->members()) {
            if (old_list != nullptr && old_list->find(member.key) != nullptr) continue;
            add(path, "properties", nullptr, &member.value,
                effect_of_unnaming(before, Effect::Looser, Effect::Stricter), member.key);
        }
    }

    static bool is_empty(const Json* map) {
        return map == nullptr || (map->is_object() && map->members().empty());
    }

    void below(const Json& before, const Json& after, const std::string& path, std::string_view word,
               std::size_t depth) {
        const Json* old_schema = before.find(word);
        const Json* new_schema = after.find(word);
        if (old_schema == nullptr && new_schema == nullptr) return;
        if (old_schema != nullptr && new_schema != nullptr) {
            return schemas(*old_schema, *new_schema, path + "/*", depth + 1);
        }
        const Json* added = old_schema == nullptr ? new_schema : old_schema;
        const bool takes_all = added->kind() == ValueKind::Boolean ? added->boolean() : is_empty(added);
        const bool was_closed = word == "additionalProperties" && is_closed(before);
        const bool is_closed_now = word == "additionalProperties" && is_closed(after);
        if (was_closed == is_closed_now && (was_closed || takes_all)) return;
        const Effect effect = was_closed              ? Effect::Looser
                              : is_closed_now         ? Effect::Stricter
                              : old_schema == nullptr ? Effect::Stricter
                                                      : Effect::Looser;
        add(path, word, old_schema, new_schema, effect);
    }

    void definitions(const Json& before, const Json& after, const std::string& path, std::size_t depth) {
        const Json* old_list = before.find("definitions");
        const Json* new_list = after.find("definitions");
        if (old_list == nullptr || new_list == nullptr) return;
        for (const JsonMember& member : old_list->members()) {
            const Json* now = new_list->find(member.key);
            if (now == nullptr) continue;
            std::string place = path + "/definitions";
            append_pointer_step(place, member.key);
            schemas(member.value, *now, place + "#", depth + 1);
        }
    }

    /// allOf: each part against its counterpart.
    void parts(const Json& before, const Json& after, const std::string& path, std::size_t depth) {
        const Json* old_list = before.find("allOf");
        const Json* new_list = after.find("allOf");
        const bool pairs = old_list != nullptr && new_list != nullptr && old_list->is_array() &&
                           new_list->is_array() && old_list->items().size() == new_list->items().size();
        if (!pairs) return other(before, after, path, "allOf");
        for (std::size_t i = 0; i < old_list->items().size(); ++i) {
            schemas(old_list->items()[i], new_list->items()[i], path, depth + 1);
        }
    }

    std::vector<SchemaChange> changes_;
};

}  // namespace

std::string_view name_of(Effect effect) {
    switch (effect) {
        case Effect::Stricter:
            return "stricter";
        case Effect::Looser:
            return "looser";
        case Effect::Compatible:
            return "compatible";
        case Effect::Different:
            return "different";
    }
    return "";
}

std::string SchemaChange::line() const {
    std::string text = "{\"path\":";
    base::append_json_string(text, path);
    text += ",\"keyword\":";
    base::append_json_string(text, keyword);
    if (!key.empty()) {
        text += ",\"key\":";
        base::append_json_string(text, key);
    }
    if (!before.empty()) text += ",\"before\":" + before;
    if (!after.empty()) text += ",\"after\":" + after;
    return text + fmt::format(",\"effect\":\"{}\"}}", name_of(effect));
}

std::vector<SchemaChange> compare_schemas(const Json& before, const Json& after) {
    std::vector<SchemaChange> changes = Comparison{}.run(before, after);
    std::ranges::stable_sort(changes, {}, &SchemaChange::path);
    return changes;
}

}  // namespace aep::xdm
