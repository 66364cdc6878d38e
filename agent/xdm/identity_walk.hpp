#pragma once

#include <fmt/format.h>

#include <utility>

#include "xdm/identity_rules.hpp"
#include "xdm/json_pointer.hpp"
#include "xdm/report.hpp"
#include "xdm/violation_text.hpp"

/// The template part of identity_rules.hpp: one entity, whatever holds it.
namespace aep::xdm {

template <ValueView V>
class IdentityRules::Walk {
  public:
    template <class Fail>
    static void run(const IdentityRules& rules, const V& entity, Fail& fail) {
        const Faults<Fail> report{fail};
        if (entity.kind() != ValueKind::Object) {
            report("type", "", "expected object, found " + typed_text(entity));
            return;
        }
        Walk walk{rules, entity};
        (!rules.is_event_ || walk.event(report)) && walk.primary_field(entity, report) &&
            walk.identity_map(report);
    }

  private:
    Walk(const IdentityRules& rules, const V& entity) : rules_{rules} {
        entity.for_each_member([&](std::string_view key, const V& value) {
            if (key == "_id") id_ = value;
            if (key == "timestamp") timestamp_ = value;
            if (key == "identityMap") map_ = value;
            return true;
        });
    }

    /// Each member function returns whether to go on.
    template <class Fail>
    struct Faults {
        Fail& fail;

        bool operator()(std::string_view keyword, std::string pointer, std::string message) const {
            return fail(Violation{keyword, std::move(pointer), "", std::move(message)});
        }
        bool operator()(std::optional<IdentityFault> fault, std::string pointer) const {
            return !fault || (*this)(fault->keyword, std::move(pointer), std::move(fault->message));
        }
        bool missing(std::string pointer, std::string_view key, std::string_view why) const {
            return fail(Violation{"required", std::move(pointer), std::string{key},
                                  fmt::format("the required field \"{}\" is missing: {}", key, why)});
        }
    };

    static std::optional<V> find(const V& object, std::string_view key) {
        std::optional<V> found;
        if (object.kind() != ValueKind::Object) return found;
        object.for_each_member([&](std::string_view name, const V& value) {
            if (name == key) found = value;
            return name != key;
        });
        return found;
    }

    template <class Out>
    bool event(const Out& out) const {
        return text_member("_id", id_, &IdentityRules::check_event_id, out) &&
               text_member("timestamp", timestamp_, &IdentityRules::check_timestamp, out);
    }

    template <class Out>
    static bool text_member(std::string_view key, const std::optional<V>& value,
                            std::optional<IdentityFault> (*check)(std::string_view), const Out& out) {
        if (!value) return out.missing("", key, "every event has one");
        const auto pointer = [key] { return "/" + std::string{key}; };
        if (value->kind() != ValueKind::String)
            return out("type", pointer(), "expected string, found " + typed_text(*value));
        const auto fault = check(value->text());
        return !fault || out(fault, pointer());
    }

    template <class Out>
    bool primary_field(const V& entity, const Out& out) {
        if (rules_.primary_.empty()) return true;
        V value = entity;
        std::string pointer;
        for (const std::string& key : rules_.primary_) {
            const auto below = find(value, key);
            if (!below) {
                return out.missing(pointer, key, "it is the primary identity");
            }
            append_pointer_step(pointer, key);
            value = *below;
        }
        if (value.kind() != ValueKind::String) {
            return out("type", pointer, "expected string, found " + typed_text(value));
        }
        return out(rules_.check_id(value.text(), ""), pointer);
    }

    template <class Out>
    bool identity_map(const Out& out) {
        if (map_ && map_->kind() != ValueKind::Object) {
            return out("type", "/identityMap", "expected object, found " + typed_text(*map_));
        }
        const bool go_on = !map_ || map_->for_each_member([&](std::string_view code, const V& items) {
            return name_space(code, items, out);
        });
        if (!go_on) return false;
        if (identities_ > kMostIdentities &&
            !out("maxItems", "/identityMap",
                 fmt::format("expected at most {} identities, found {}", kMostIdentities, identities_))) {
            return false;
        }
        if (!rules_.primary_in_map_ || primaries_ > 0) return true;
        if (!map_) return out.missing("", "identityMap", "it holds the primary identity");
        return out("required", "/identityMap", "no identity is marked with \"primary\": true");
    }

    template <class Out>
    bool name_space(std::string_view code, const V& items, const Out& out) {
        // Rendered only for a fault: the common case builds no text.
        const auto pointer = [code] {
            std::string text = "/identityMap";
            append_pointer_step(text, code);
            return text;
        };
        if (const auto fault = rules_.check_namespace(code); fault && !out(fault, pointer())) return false;
        if (items.kind() != ValueKind::Array) {
            return out("type", pointer(), "expected array, found " + typed_text(items));
        }
        std::size_t index = 0;
        return items.for_each_item([&](const V& item) {
            const auto below = [&, at = index++](std::string_view member) {
                return fmt::format("{}/{}{}", pointer(), at, member);
            };
            return identity(code, item, below, out);
        });
    }

    template <class Below, class Out>
    bool identity(std::string_view code, const V& item, const Below& below, const Out& out) {
        ++identities_;
        if (item.kind() != ValueKind::Object) {
            return out("type", below(""), "expected object, found " + typed_text(item));
        }
        bool has_id = false;
        const bool go_on = item.for_each_member([&](std::string_view key, const V& value) {
            if (key == "id") {
                has_id = true;
                if (value.kind() != ValueKind::String) {
                    return out("type", below("/id"), "expected string, found " + typed_text(value));
                }
                const auto fault = rules_.check_id(value.text(), code);
                return !fault || out(fault, below("/id"));
            }
            if (key == "primary") return primary_mark(value, below, out);
            if (key == "authenticatedState") return state(value, below, out);
            return true;
        });
        return go_on && (has_id || out.missing(below(""), "id", "an identity has one"));
    }

    template <class Below, class Out>
    bool primary_mark(const V& value, const Below& below, const Out& out) {
        if (value.kind() != ValueKind::Boolean) {
            return out("type", below("/primary"), "expected boolean, found " + typed_text(value));
        }
        if (!value.boolean() || ++primaries_ == 1) return true;
        return out("maxItems", below(""), "only one identity of a record can be primary");
    }

    template <class Below, class Out>
    bool state(const V& value, const Below& below, const Out& out) {
        const bool known =
            value.kind() == ValueKind::String &&
            (value.text() == "ambiguous" || value.text() == "authenticated" || value.text() == "loggedOut");
        return known ||
               out("enum", below("/authenticatedState"), "expected ambiguous, authenticated or loggedOut");
    }

    const IdentityRules& rules_;
    std::optional<V> id_;
    std::optional<V> timestamp_;
    std::optional<V> map_;
    std::size_t identities_ = 0;
    std::size_t primaries_ = 0;
};

template <ValueView V, class Fail>
void IdentityRules::check(const V& entity, Fail&& fail) const {
    Walk<V>::run(*this, entity, fail);
}

/// Adds what the entity breaks to a report that may know it from the schema already.
template <ValueView V>
void add_broken_rules(const IdentityRules& rules, const V& entity, Report& report) {
    rules.check(entity, [&report](Violation violation) {
        for (const Violation& known : report.violations()) {
            if (known.pointer == violation.pointer && known.keyword == violation.keyword &&
                known.key == violation.key)
                return true;
        }
        report.add(std::move(violation));
        return true;
    });
}

}  // namespace aep::xdm
