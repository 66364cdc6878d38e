#include "xdm/plan.hpp"

namespace aep::xdm {

/// Where another key has the slot that this one would have.
const Slot* SlotTable::find_behind(std::uint64_t at, std::string_view key, KeyWords words) const {
    const std::uint64_t last = ~std::uint64_t{0} >> hash_shift;
    while (true) {
        at = (at + 1) & last;
        const Slot& slot = slots[at];
        if (slot.key == kNone) return nullptr;
        if (is_of(slot, key, words)) return &slot;
    }
}

}  // namespace aep::xdm
