#pragma once

#include <string_view>

#include "xdm/value_view.hpp"

namespace aep::xdm {

/// Members of an entity that the agent makes: they replace the record's, or stand beside them. Empty: not
/// made.
struct MadeMembers {
    std::string_view id;
    std::string_view timestamp;

    [[nodiscard]] bool any() const { return !id.empty() || !timestamp.empty(); }
};

/// A record as the entity that is sent: with the made members in the place of its own. So the entity is
/// checked before it is written. `Base` is the record's view.
template <ValueView Base>
class EntityView {
  public:
    /// The entity. `made` outlives the view.
    EntityView(Base record, const MadeMembers& made) : base_{record}, made_{&made} {}

    [[nodiscard]] ValueKind kind() const { return is_text_ ? ValueKind::String : base_.kind(); }
    [[nodiscard]] bool boolean() const { return base_.boolean(); }
    [[nodiscard]] std::int64_t integer() const { return base_.integer(); }
    [[nodiscard]] std::uint64_t unsigned_integer() const { return base_.unsigned_integer(); }
    [[nodiscard]] double real() const { return base_.real(); }
    [[nodiscard]] std::string_view text() const { return is_text_ ? text_ : base_.text(); }

    template <class Visit>
    bool for_each_item(Visit visit) const {
        return base_.for_each_item([&](const Base& item) { return visit(EntityView{item}); });
    }

    template <class Visit>
    bool for_each_member(Visit visit) const {
        if (made_ == nullptr) {
            return base_.for_each_member(
                [&](std::string_view key, const Base& value) { return visit(key, EntityView{value}); });
        }
        const bool go_on = base_.for_each_member([&](std::string_view key, const Base& value) {
            const bool replaced =
                (key == "_id" && !made_->id.empty()) || (key == "timestamp" && !made_->timestamp.empty());
            return replaced || visit(key, EntityView{value});
        });
        return go_on && (made_->id.empty() || visit("_id", EntityView{base_, made_->id})) &&
               (made_->timestamp.empty() || visit("timestamp", EntityView{base_, made_->timestamp}));
    }

  private:
    explicit EntityView(Base value) : base_{value} {}
    EntityView(Base any, std::string_view text) : base_{any}, text_{text}, is_text_{true} {}

    Base base_;
    const MadeMembers* made_ = nullptr;  ///< of the entity itself
    std::string_view text_;
    bool is_text_ = false;
};

}  // namespace aep::xdm
