#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "xdm/value_view.hpp"

namespace aep::xdm {

struct JsonMember;

/// One value of a JsonDocument. Lives as long as its document.
class Json {
  public:
    Json() = default;
    explicit Json(bool value) : kind_{ValueKind::Boolean}, boolean_{value} {}
    explicit Json(std::int64_t value) : kind_{ValueKind::Integer}, integer_{value} {}
    explicit Json(std::uint64_t value) : kind_{ValueKind::Unsigned}, unsigned_{value} {}
    explicit Json(double value) : kind_{ValueKind::Real}, real_{value} {}
    /// A String or a Big number.
    Json(ValueKind kind, std::string_view text) : kind_{kind}, size_{text.size()}, text_{text.data()} {}
    explicit Json(std::span<const Json> items)
        : kind_{ValueKind::Array}, size_{items.size()}, items_{items.data()} {}
    explicit Json(std::span<const JsonMember> members);

    [[nodiscard]] ValueKind kind() const { return kind_; }
    [[nodiscard]] bool boolean() const { return boolean_; }
    [[nodiscard]] std::int64_t integer() const { return integer_; }
    [[nodiscard]] std::uint64_t unsigned_integer() const { return unsigned_; }
    [[nodiscard]] double real() const { return real_; }
    [[nodiscard]] std::string_view text() const { return {text_, size_}; }
    [[nodiscard]] std::span<const Json> items() const { return {items_, size_}; }
    [[nodiscard]] std::span<const JsonMember> members() const;

    [[nodiscard]] bool is_string() const { return kind_ == ValueKind::String; }
    [[nodiscard]] bool is_array() const { return kind_ == ValueKind::Array; }
    [[nodiscard]] bool is_object() const { return kind_ == ValueKind::Object; }
    /// The first member with this key; null where there is none, or this is not an object.
    [[nodiscard]] const Json* find(std::string_view key) const;

  private:
    ValueKind kind_ = ValueKind::Null;
    std::size_t size_ = 0;
    union {
        bool boolean_;
        std::int64_t integer_ = 0;
        std::uint64_t unsigned_;
        double real_;
        const char* text_;
        const Json* items_;
        const JsonMember* members_;
    };
};

struct JsonMember {
    std::string_view key;
    Json value;
};

inline Json::Json(std::span<const JsonMember> members)
    : kind_{ValueKind::Object}, size_{members.size()}, members_{members.data()} {}

inline std::span<const JsonMember> Json::members() const {
    return {members_, size_};
}

/// The view of a Json value that the validator takes.
struct JsonView {
    const Json* value = nullptr;

    [[nodiscard]] ValueKind kind() const { return value->kind(); }
    [[nodiscard]] bool boolean() const { return value->boolean(); }
    [[nodiscard]] std::int64_t integer() const { return value->integer(); }
    [[nodiscard]] std::uint64_t unsigned_integer() const { return value->unsigned_integer(); }
    [[nodiscard]] double real() const { return value->real(); }
    [[nodiscard]] std::string_view text() const { return value->text(); }
    template <class Visit>
    AEP_XDM_INLINE bool for_each_item(const Visit& visit) const {
        for (const Json& item : value->items()) {
            if (!visit(JsonView{&item})) return false;
        }
        return true;
    }
    template <class Visit>
    AEP_XDM_INLINE bool for_each_member(const Visit& visit) const {
        for (const JsonMember& member : value->members()) {
            if (!visit(member.key, JsonView{&member.value})) return false;
        }
        return true;
    }
};

struct JsonLimits {
    std::size_t max_bytes = std::size_t{64} << 20U;
    std::size_t max_depth = 256;    ///< arrays and objects within each other
    bool refuse_duplicates = true;  ///< whether an object may not have a key twice
};

/// A JSON text (RFC 8259) read exactly: numbers of any size and precision that no machine type holds are kept
/// as written. For schemas, and for records that the fast parser refuses because of such a number; ten times
/// slower than that parser. Immutable once parsed, hence free-threaded.
class JsonDocument {
  public:
    /// The error says what is wrong and at which line and column.
    [[nodiscard]] static base::Result<JsonDocument> parse(std::string_view text,
                                                          const JsonLimits& limits = {});

    [[nodiscard]] const Json& root() const { return *root_; }
    [[nodiscard]] JsonView view() const { return {root_.get()}; }

  private:
    JsonDocument() = default;

    std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_;
    std::unique_ptr<Json> root_;
};

}  // namespace aep::xdm
