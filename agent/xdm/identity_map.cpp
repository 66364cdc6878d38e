#include "xdm/identity_map.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstddef>

namespace aep::xdm {
namespace {

namespace dom = simdjson::dom;

Rejection fault(std::string_view keyword, std::string pointer, std::string message) {
    return {.code = "identity_map_invalid",
            .keyword = keyword,
            .pointer = std::move(pointer),
            .message = std::move(message)};
}

std::optional<Rejection> check_item(const dom::element& item, const std::string& pointer, bool& is_primary) {
    dom::object members;
    if (item.get(members) != simdjson::SUCCESS) return fault("type", pointer, "expected an object");
    bool has_id = false;
    for (const auto member : members) {
        if (member.key == "id") {
            std::string_view id;
            if (member.value.get(id) != simdjson::SUCCESS) {
                return fault("type", pointer + "/id", "expected a string");
            }
            if (id.empty()) return fault("minLength", pointer + "/id", "an identity must not be empty");
            has_id = true;
        } else if (member.key == "primary") {
            if (member.value.get(is_primary) != simdjson::SUCCESS) {
                return fault("type", pointer + "/primary", "expected true or false");
            }
        } else if (member.key == "authenticatedState") {
            std::string_view state;
            if (member.value.get(state) != simdjson::SUCCESS ||
                (state != "ambiguous" && state != "authenticated" && state != "loggedOut")) {
                return fault("enum", pointer + "/authenticatedState",
                             "expected ambiguous, authenticated or loggedOut");
            }
        }
    }
    if (!has_id) return fault("required", pointer, "required key [id] not found");
    return std::nullopt;
}

}  // namespace

std::optional<Rejection> check_identity_map(const dom::element& map) {
    dom::object namespaces;
    if (map.get(namespaces) != simdjson::SUCCESS) {
        return fault("type", "/identityMap", "expected an object of namespace codes");
    }
    std::size_t primaries = 0;
    for (const auto entry : namespaces) {
        // Rendered only for a fault: the common case builds no text.
        const auto pointer = [&] { return fmt::format("/identityMap/{}", entry.key); };
        dom::array items;
        if (entry.value.get(items) != simdjson::SUCCESS) {
            return fault("type", pointer(), "expected an array of identities");
        }
        std::size_t index = 0;
        for (const dom::element item : items) {
            bool is_primary = false;
            if (auto found = check_item(item, "", is_primary)) {
                found->pointer = fmt::format("{}/{}{}", pointer(), index, found->pointer);
                return found;
            }
            if (is_primary && ++primaries > 1) {
                return fault("maxItems", fmt::format("{}/{}", pointer(), index),
                             "only one identity of a record can be primary");
            }
            ++index;
        }
    }
    return std::nullopt;
}

}  // namespace aep::xdm
