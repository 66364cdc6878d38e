#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xdm/key_hash.hpp"
#include "xdm/number.hpp"
#include "xdm/pattern.hpp"
#include "xdm/text_format.hpp"
#include "xdm/value_hash.hpp"
#include "xdm/value_view.hpp"

/// What a schema is compiled to: arrays that refer to each other by index, so that a walk over a record
/// touches little memory and follows no pointers. A node is one schema; nodes share nothing but patterns.
namespace aep::xdm {

using Index = std::uint32_t;
inline constexpr Index kNone = std::numeric_limits<Index>::max();
/// The node that accepts everything, and the one that accepts nothing.
inline constexpr Index kAccept = 0;
inline constexpr Index kRefuse = 1;

/// A part of one of the plan's arrays.
struct Range {
    Index begin = 0;
    Index end = 0;

    [[nodiscard]] bool empty() const { return begin == end; }
    [[nodiscard]] Index size() const { return end - begin; }
};

/// The types that a node accepts: a bit for each ValueKind, and whether Reals and Bigs must be integers.
using Kinds = std::uint16_t;
[[nodiscard]] constexpr Kinds kind_bit(ValueKind kind) {
    return static_cast<Kinds>(1U << static_cast<unsigned>(kind));
}
inline constexpr Kinds kIntegersOnly = 1U << 15U;
inline constexpr Kinds kInteger =
    kind_bit(ValueKind::Integer) | kind_bit(ValueKind::Unsigned) | kIntegersOnly;
inline constexpr Kinds kNumber = kind_bit(ValueKind::Integer) | kind_bit(ValueKind::Unsigned) |
                                 kind_bit(ValueKind::Real) | kind_bit(ValueKind::Big);
inline constexpr Kinds kAllKinds = 0x01FF;

/// Each index leads to the checks for values of that type; kNone where there are none.
struct Node {
    Kinds kinds = kAllKinds;
    /// The kinds whose values pass without another look: most fields have a type and no more.
    Kinds plain = 0;
    Index numbers = kNone;
    Index strings = kNone;
    Index arrays = kNone;
    Index objects = kNone;
    Index constants = kNone;
    Index combination = kNone;
    /// Whether it has constants or a combination, besides the checks for one kind of value.
    bool is_composed = false;
};

struct NumberChecks {
    std::optional<Number> minimum;
    std::optional<Number> maximum;
    std::optional<Number> above;  ///< exclusiveMinimum
    std::optional<Number> below;  ///< exclusiveMaximum
    std::optional<Divisor> multiple_of;
    Index multiple_of_text = kNone;  ///< in Plan::texts
};

struct StringChecks {
    std::uint64_t min_length = 0;  ///< in code points
    std::uint64_t max_length = std::numeric_limits<std::uint64_t>::max();
    Index pattern = kNone;
    TextFormat format = TextFormat::None;
};

struct ArrayChecks {
    std::uint64_t min_items = 0;
    std::uint64_t max_items = std::numeric_limits<std::uint64_t>::max();
    Range tuple;             ///< of `children`: `items` as an array
    Index items = kAccept;   ///< of the items behind the tuple
    Index contains = kNone;  ///< one item at least must pass
    bool is_unique = false;
    bool is_closed = false;  ///< no items behind the tuple
};

/// A key that an object's checks name: one of `properties`, of `required`, or both.
struct Slot {
    KeyWords words;     ///< settle most comparisons without a look at Plan::keys
    Index key = kNone;  ///< in Plan::keys; kNone is an empty slot
    std::uint32_t key_size = kNone;
    Index node = kAccept;
    /// The kinds whose values have nothing more to pass, so that most are done with without a look at the
    /// node.
    Kinds settled = 0;
    std::uint8_t required_bit = kNotRequired;
    bool is_property : 1 = false;
    bool is_all : 1 = false;  ///< a member has nothing to pass besides the node, and is not counted

    /// A bit that nobody asks for: marking it costs less than a branch.
    static constexpr std::uint8_t kNotRequired = 63;
};

/// What becomes of keys that an object's checks do not name.
enum class Closed : std::uint8_t {
    No,
    ByRegistry,  ///< the schema lists its properties and says nothing more: AEP admits no others
    BySchema,    ///< additionalProperties: false
};

struct ObjectChecks {
    Range slots{0, 2};             ///< an open-addressing hash table; its size is a power of two, 2 at least
    std::uint8_t hash_shift = 63;  ///< leaves of a hash what is below the table's size
    std::uint64_t multiplier = 1;
    std::uint64_t required = 0;  ///< a bit for each required key; never Slot::kNotRequired
    std::uint64_t min_properties = 0;
    std::uint64_t max_properties = std::numeric_limits<std::uint64_t>::max();
    Range patterns;              ///< of Plan::pattern_properties
    Range dependencies;          ///< of Plan::dependencies
    Index additional = kAccept;  ///< of keys that no property and no pattern names
    Index property_names = kNone;
    Closed closed = Closed::No;
    bool asks_more = false;  ///< has dependencies or bounds of size
    /// Whether unknown keys may be taken out: not where another schema looks at the same object.
    bool is_strippable = false;
};

struct PatternProperty {
    Index pattern = kNone;
    Index node = kAccept;
};

/// `dependencies`: where the key is there, either more keys must be or the object must pass a node.
struct Dependency {
    Index key = kNone;  ///< in Plan::texts
    Range keys;         ///< of Plan::dependent_keys
    Index node = kAccept;
};

struct Constants {
    Range hashes;        ///< of Plan::hashes, sorted
    Index text = kNone;  ///< in Plan::texts: the choice, for people
    Range const_hash;    ///< of Plan::hashes; one or none
    Index const_text = kNone;
};

struct Combination {
    Range all;  ///< of Plan::children
    Range any;
    Range one;
    Index negated = kNone;
};

/// The keys that an object's checks name: a hash table with open addressing.
struct SlotTable {
    const Slot* slots;  ///< 2^(64 - hash_shift)
    std::uint64_t multiplier;
    std::uint8_t hash_shift;
    const char* keys;  ///< Plan::keys

    /// Null where the key is not named.
    [[nodiscard]] const Slot* find(std::string_view key) const { return find(key, KeyWords{key}); }
    [[nodiscard]] AEP_XDM_INLINE const Slot* find(std::string_view key, KeyWords words) const {
        const std::uint64_t at = words.hash(multiplier) >> hash_shift;
        const Slot& slot = slots[at];
        if (is_of(slot, key, words)) return &slot;
        return slot.key == kNone ? nullptr : find_behind(at, key, words);
    }

  private:
    [[nodiscard]] AEP_XDM_INLINE bool is_of(const Slot& slot, std::string_view key, KeyWords words) const {
        // One branch for all three.
        const std::uint64_t difference = (slot.words.first ^ words.first) |
                                         (slot.words.second ^ words.second) | (slot.key_size ^ key.size());
        return difference == 0 &&
               (key.size() <= KeyWords::kBytes || std::string_view{keys + slot.key, slot.key_size} == key);
    }
    [[nodiscard]] const Slot* find_behind(std::uint64_t at, std::string_view key, KeyWords words) const;
};

struct RequiredPath {
    std::vector<std::string> keys;
};

struct Plan {
    std::vector<Node> nodes;
    std::vector<NumberChecks> numbers;
    std::vector<StringChecks> strings;
    std::vector<ArrayChecks> arrays;
    std::vector<ObjectChecks> objects;
    std::vector<Constants> constants;
    std::vector<Combination> combinations;
    std::vector<Slot> slots{2};  ///< begins with the table of objects that name no keys
    std::vector<Index> children;
    std::vector<PatternProperty> pattern_properties;
    std::vector<Dependency> dependencies;
    std::vector<Index> dependent_keys;  ///< in texts
    std::vector<ValueHash> hashes;
    std::vector<Pattern> patterns;
    std::deque<std::string> texts;  ///< a deque: views into them stay valid while it grows
    std::string keys;               ///< the characters of all slots' keys
    std::vector<RequiredPath> required_paths;
    Index root = kAccept;

    std::string id;
    std::string title;
    std::string class_id;
    std::optional<std::string> primary_identity;

    [[nodiscard]] std::string_view key_of(const Slot& slot) const {
        return {keys.data() + slot.key, slot.key_size};
    }
    /// Where an object's keys are looked up.
    [[nodiscard]] SlotTable table(const ObjectChecks& object) const {
        return {slots.data() + object.slots.begin, object.multiplier, object.hash_shift, keys.data()};
    }
};

}  // namespace aep::xdm
