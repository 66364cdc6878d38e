#include "xdm/schema_index.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/suggest.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/keywords.hpp"
#include "xdm/meta_schemas.hpp"
#include "xdm/uri.hpp"

namespace aep::xdm {
namespace {

std::string_view without_fragment(std::string_view uri) {
    return uri.substr(0, uri.find('#'));
}

/// The `$id` that counts; null where there is none.
const Json* id_of(const Json& schema) {
    const Json* id = schema.find("$id");
    if (id == nullptr || !id->is_string()) return nullptr;
    const Json* reference = schema.find("$ref");
    return reference != nullptr && reference->is_string() ? nullptr : id;
}

SchemaPlace child(const SchemaPlace& parent, const Json& schema) {
    return {&schema, parent.file, parent.pointer, parent.base};
}

template <class Step>
SchemaPlace child(const SchemaPlace& parent, const Json& schema, std::string_view keyword, const Step& step) {
    SchemaPlace place = child(parent, schema);
    append_pointer_step(place.pointer, keyword);
    append_pointer_step(place.pointer, step);
    return place;
}

}  // namespace

base::Result<> SchemaIndex::add(std::string name, std::string_view text, std::size_t max_bytes) {
    JsonLimits limits;
    limits.max_bytes = max_bytes;
    auto document = JsonDocument::parse(text, limits);
    if (document.has_error()) return document.error();
    files_.push_back({std::move(name), std::move(document).value()});
    const File& file = files_.back();
    SchemaPlace place{&file.document.root(), static_cast<std::uint32_t>(files_.size() - 1), "",
                      std::string{without_fragment(file.name)}};
    places_.try_emplace(place.base, place);
    collect(place);
    return {};
}

SchemaPlace SchemaIndex::root() const {
    const File& file = files_.front();
    return {&file.document.root(), 0, "", std::string{without_fragment(file.name)}};
}

std::string SchemaIndex::base_within(const Json& schema, const std::string& base) {
    const Json* id = id_of(schema);
    return id == nullptr ? base : std::string{without_fragment(resolve_uri(base, id->text()))};
}

/// Looks only where keywords expect schemas: an `$id` in an `enum` is no identifier.
void SchemaIndex::collect(const SchemaPlace& root) {
    std::vector<SchemaPlace> waiting{root};
    while (!waiting.empty()) {
        SchemaPlace place = std::move(waiting.back());
        waiting.pop_back();
        if (!place.schema->is_object()) continue;
        if (const Json* id = id_of(*place.schema)) {
            const std::string uri = resolve_uri(place.base, id->text());
            const std::string own_base{without_fragment(uri)};
            places_.try_emplace(uri.ends_with('#') ? own_base : uri, place);
            place.base = own_base;
        }
        add_children(place, waiting);
    }
}

void SchemaIndex::add_children(const SchemaPlace& place, std::vector<SchemaPlace>& waiting) const {
    for (const auto& [keyword, value] : place.schema->members()) {
        const Holds content = holds(keyword_of(keyword));
        if (content == Holds::Other) continue;
        if (value.is_array() && (content == Holds::List || content == Holds::SchemaOrList)) {
            std::uint64_t index = 0;
            for (const Json& item : value.items()) waiting.push_back(child(place, item, keyword, index++));
        } else if (value.is_object() && (content == Holds::Map || content == Holds::Dependencies)) {
            for (const auto& [key, item] : value.members()) {
                waiting.push_back(child(place, item, keyword, key));
            }
        } else if (value.is_object() && (content == Holds::Schema || content == Holds::SchemaOrList)) {
            SchemaPlace only = child(place, value);
            append_pointer_step(only.pointer, keyword);
            waiting.push_back(std::move(only));
        }
    }
}

base::Result<SchemaPlace> SchemaIndex::find(const std::string& base, std::string_view reference) {
    const std::string uri = resolve_uri(base, reference);
    const std::string resource{without_fragment(uri)};
    const std::string_view fragment = std::string_view{uri}.substr(std::min(uri.size(), resource.size() + 1));
    auto found = places_.find(resource);
    if (found == places_.end() && add_meta_schema(resource)) found = places_.find(resource);
    const bool is_pointer = fragment.empty() || fragment.front() == '/';
    if (!is_pointer) found = places_.find(uri);
    if (found == places_.end()) {
        return base::Error{fmt::format("'{}' refers to {}, which is not among the schemas given: {}",
                                       reference, uri, known_ids())};
    }
    if (!is_pointer) return found->second;
    return walk(found->second, percent_decoded(fragment));
}

base::Result<SchemaPlace> SchemaIndex::walk(const SchemaPlace& from, std::string_view pointer) const {
    SchemaPlace place = from;
    for (const std::string& step : pointer_steps(pointer)) {
        place.base = base_within(*place.schema, place.base);
        const Json* next = place.schema->find(step);
        if (place.schema->is_array()) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
            const bool is_index = error == std::errc{} && end == step.data() + step.size();
            if (is_index && index < place.schema->items().size()) next = &place.schema->items()[index];
        }
        if (next == nullptr) {
            std::vector<std::string> keys;
            if (place.schema->is_object()) {
                for (const JsonMember& member : place.schema->members()) keys.emplace_back(member.key);
            }
            const std::string near = base::nearest(step, keys);
            return base::Error{fmt::format("there is no '{}' at '{}' of {}{}", step, place.pointer,
                                           file_name(place.file),
                                           near.empty() ? "" : ", did you mean '" + near + "'?")};
        }
        append_pointer_step(place.pointer, step);
        place.schema = next;
    }
    return place;
}

bool SchemaIndex::add_meta_schema(std::string_view uri) {
    const std::string text = meta_schema_text(uri);
    return !text.empty() && add(std::string{uri}, text, text.size()).has_value();
}

std::string SchemaIndex::known_ids() const {
    std::vector<std::string_view> ids;
    for (const auto& [uri, place] : places_) ids.push_back(uri);
    std::sort(ids.begin(), ids.end());
    constexpr std::size_t kMost = 5;
    if (ids.size() > kMost) ids.resize(kMost);
    return fmt::format("{}", fmt::join(ids, ", "));
}

}  // namespace aep::xdm
