#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

/// The loops over a record are worth having in one piece each: what is passed through memory on the way costs
/// more than what is done with it.
#define AEP_XDM_INLINE __attribute__((always_inline))

namespace aep::xdm {

/// What a JSON value is. Numbers are told apart by how they are held, not by what they mean: 1.0 is a Real,
/// and yet an integer (draft-06, section 6.25).
enum class ValueKind : std::uint8_t {
    Null,
    Boolean,
    Integer,   ///< fits std::int64_t
    Unsigned,  ///< above that, fits std::uint64_t
    Real,      ///< has a fraction or an exponent, fits a double
    Big,       ///< none of these: kept as it is written
    String,
    Array,
    Object,
};

/// The seam between the validator and whatever holds a record: a parsed text, or a tree that was built.
/// A view is small, passed by value, and stays valid while the record does. Which getter may be called
/// depends on kind(). The callbacks return whether to go on; the loops return false when one of them did not.
///
/// Keys are unescaped. Duplicate keys are all visited, in the order they are written in.
template <class V>
concept ValueView = std::copyable<V> && requires(const V& view) {
    { view.kind() } -> std::same_as<ValueKind>;
    { view.boolean() } -> std::same_as<bool>;
    { view.integer() } -> std::same_as<std::int64_t>;
    { view.unsigned_integer() } -> std::same_as<std::uint64_t>;
    { view.real() } -> std::same_as<double>;
    { view.text() } -> std::same_as<std::string_view>;  // of a String: its characters; of a Big: the number
    {
        view.for_each_item([](V) { return true; })
        } -> std::same_as<bool>;
    {
        view.for_each_member([](std::string_view, V) { return true; })
        } -> std::same_as<bool>;
};

/// A view may promise that 16 bytes behind every key can be read: `static constexpr bool kPaddedKeys = true`.
template <class V>
inline constexpr bool has_padded_keys = requires {
    requires V::kPaddedKeys;
};

/// A view that wraps another may give that for values of which it adds nothing, null for others: `inner()`.
template <class V>
concept WrappingView = requires(const V& view) {
    *view.inner();
};

[[nodiscard]] constexpr bool is_number(ValueKind kind) {
    return kind >= ValueKind::Integer && kind <= ValueKind::Big;
}

}  // namespace aep::xdm
