#pragma once

#include <array>
#include <cstdint>
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
    EntityView(Base record, const MadeMembers& made) : EntityView{record, made, What::Entity} {}

    static constexpr bool kPaddedKeys = has_padded_keys<Base>;

    /// The record's own view, of all that is the record's.
    [[nodiscard]] const Base* inner() const { return what_ == What::Value ? &base_ : nullptr; }

    [[nodiscard]] ValueKind kind() const { return is_made() ? ValueKind::String : base_.kind(); }
    [[nodiscard]] bool boolean() const { return base_.boolean(); }
    [[nodiscard]] std::int64_t integer() const { return base_.integer(); }
    [[nodiscard]] std::uint64_t unsigned_integer() const { return base_.unsigned_integer(); }
    [[nodiscard]] double real() const { return base_.real(); }
    [[nodiscard]] std::string_view text() const {
        return what_ == What::Id ? made_->id : what_ == What::Timestamp ? made_->timestamp : base_.text();
    }

    template <class Visit>
    AEP_XDM_INLINE bool for_each_item(const Visit& visit) const {
        return base_.for_each_item([&](const Base& item) AEP_XDM_INLINE { return visit(EntityView{item}); });
    }

    template <class Visit>
    AEP_XDM_INLINE bool for_each_member(const Visit& visit) const {
        // One loop for the entity and what is in it, as it becomes a part of each place that it is used in.
        const bool go_on = base_.for_each_member([&](std::string_view key, const Base& value) AEP_XDM_INLINE {
            return (what_ == What::Entity && is_replaced(key)) || visit(key, EntityView{value});
        });
        if (!go_on || what_ != What::Entity) return go_on;
        for (const What what : {What::Id, What::Timestamp}) {
            const EntityView member{base_, *made_, what};
            if (!member.text().empty() && !visit(what == What::Id ? kId : kTimestamp, member)) return false;
        }
        return true;
    }

  private:
    enum class What : std::uint8_t { Value, Entity, Id, Timestamp };

    /// Keys with padding behind them.
    static constexpr std::array<char, 32> kIdText{"_id"};
    static constexpr std::array<char, 32> kTimestampText{"timestamp"};
    static constexpr std::string_view kId{kIdText.data()};
    static constexpr std::string_view kTimestamp{kTimestampText.data()};

    explicit EntityView(Base value) : base_{value} {}
    EntityView(Base any, const MadeMembers& made, What what) : base_{any}, made_{&made}, what_{what} {}

    [[nodiscard]] bool is_made() const { return what_ >= What::Id; }
    [[nodiscard]] bool is_replaced(std::string_view key) const {
        return (key == kId && !made_->id.empty()) || (key == kTimestamp && !made_->timestamp.empty());
    }

    Base base_;
    const MadeMembers* made_ = nullptr;  ///< but of a Value
    What what_ = What::Value;
};

}  // namespace aep::xdm
