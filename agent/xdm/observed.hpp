#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "xdm/value_view.hpp"

namespace aep::xdm {

/// What was seen at one place of the sample records: how often, of which types, and what its values have in
/// common. Confined.
class Observed {
  public:
    enum class Type : std::uint8_t { Null, Boolean, Integer, Number, String, Object, Array };
    static constexpr std::size_t kTypes = 7;

    /// The formats that every string so far has, of those that XDM knows.
    struct Formats {
        bool date_time = true;
        bool date = true;
        bool email = true;
        bool uri = true;
    };

    /// Bounds on what is kept, whatever the samples are: beyond them an object becomes a map or a free-form
    /// object, and values are no longer told apart.
    static constexpr std::size_t kMostNodes = 20'000;
    static constexpr std::size_t kMostKeys = 300;  ///< of one object, before it is taken for a map
    static constexpr std::size_t kLongestKey = 256;
    static constexpr std::size_t kMostDistinct = 20;
    static constexpr std::size_t kLongestDistinct = 64;

    /// `nodes` counts the nodes of the whole tree; it outlives them.
    explicit Observed(std::size_t& nodes) : nodes_{nodes} { ++nodes_; }
    ~Observed() { --nodes_; }
    Observed(const Observed&) = delete;
    Observed& operator=(const Observed&) = delete;

    /// Compiled for DomView and JsonView.
    template <ValueView V>
    void add(const V& value);
    /// Objects below this one whose keys look like data become maps. Once, after the last value.
    void find_maps();

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t count(Type type) const { return types_.at(static_cast<std::size_t>(type)); }

    // Of integers.
    [[nodiscard]] std::int64_t smallest() const { return smallest_; }
    [[nodiscard]] std::int64_t largest() const { return largest_; }
    [[nodiscard]] bool beyond_int64() const { return beyond_int64_; }

    // Of strings.
    [[nodiscard]] const Formats& formats() const { return formats_; }
    /// Empty when there were more than kMostDistinct, or long ones.
    [[nodiscard]] const std::set<std::string>& distinct() const { return distinct_; }

    // Of objects. A map has `values` in place of properties; a free-form object has neither.
    struct Property {
        std::unique_ptr<Observed> value;
        std::uint64_t objects = 0;      ///< how many objects have the key
        std::uint64_t last_object = 0;  ///< the last of them: a key that stands in one twice counts once
    };
    [[nodiscard]] const std::map<std::string, Property, std::less<>>& properties() const {
        return properties_;
    }
    [[nodiscard]] const Observed* values() const { return values_.get(); }
    [[nodiscard]] bool free_form() const { return free_form_; }

    // Of arrays.
    [[nodiscard]] const Observed* items() const { return items_.get(); }

  private:
    void count_type(Type type);
    void add_integer(std::int64_t number);
    void add_string(std::string_view text);
    void add_big(std::string_view number);
    template <ValueView V>
    void add_object(const V& value);
    template <ValueView V>
    void add_member(std::string_view key, const V& value);
    template <ValueView V>
    void add_array(const V& value);
    [[nodiscard]] bool keys_look_like_data() const;
    void become_map();
    void become_free_form();
    void merge(Observed& other);
    void merge_items(Observed& other);
    void merge_objects(Observed& other);

    std::size_t& nodes_;
    std::uint64_t count_ = 0;
    std::array<std::uint64_t, kTypes> types_{};
    std::int64_t smallest_ = INT64_MAX;
    std::int64_t largest_ = INT64_MIN;
    bool beyond_int64_ = false;
    Formats formats_;
    bool keeps_distinct_ = true;
    std::set<std::string> distinct_;
    std::map<std::string, Property, std::less<>> properties_;
    std::unique_ptr<Observed> values_;
    bool free_form_ = false;
    std::unique_ptr<Observed> items_;
    bool any_items_ = false;  ///< too much was seen to tell items apart
};

}  // namespace aep::xdm
