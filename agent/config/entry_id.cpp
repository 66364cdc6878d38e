#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {

std::string read_own_id(MapReader& entry, Registry& registry) {
    std::string id;
    entry.require("id", "id: NAME");
    entry.text("id", id, check_id);
    if (!id.empty()) registry.define(*entry.find("id"), entry.context().problems);
    return id;
}

std::string read_reference(MapReader& entry, std::string_view key, Registry& registry) {
    std::string id;
    entry.text(key, id, check_id);
    if (!id.empty()) registry.refer(*entry.find(key));
    return id;
}

}  // namespace aep::config
