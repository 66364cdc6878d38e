#include "config/registry.hpp"

#include <algorithm>

#include "base/suggest.hpp"

namespace aep::config {

void Registry::define(const Value& id, Problems& problems) {
    const auto [known, is_new] = defined_.emplace(id.text, &id);
    if (is_new) return;
    problems.push_back({id.place, id.path + ": the " + kind_ + " " + id.shown() + " is defined twice",
                        "first at " + known->second->place.to_string() + ", rename or remove one of them"});
}

void Registry::check_references(Problems& problems) const {
    std::vector<std::string> ids;
    for (const auto& [id, place] : defined_) ids.push_back(id);
    for (const Value* reference : references_) {
        if (defined_.contains(reference->text)) continue;
        problems.push_back({reference->place,
                            reference->path + ": there is no " + kind_ + " " + reference->shown(),
                            base::suggest(reference->text, ids, "defined are")});
    }
}

void Registry::check_unused(Problems& warnings) const {
    for (const auto& [id, value] : defined_) {
        const bool used =
            std::any_of(references_.begin(), references_.end(),
                        [&wanted = id](const Value* reference) { return reference->text == wanted; });
        if (used) continue;
        warnings.push_back({value->place, value->path + ": nothing uses the " + kind_ + " " + value->shown(),
                            "refer to it, or remove it"});
    }
}

}  // namespace aep::config
