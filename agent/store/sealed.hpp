#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace aep::store {

/// How every value of the store begins, so that a damaged one is known:
///
///     u32 format | u64 XXH3-64 of all that follows, seeded with the format | payload
///
/// Numbers are little-endian. The format tells how to read the payload.
inline constexpr std::size_t kSealBytes = 12;

struct Unsealed {
    std::uint32_t format = 0;
    std::string_view payload;
    bool intact = false;  ///< the checksum is right
};

[[nodiscard]] std::string seal(std::uint32_t format, std::string_view payload);
/// Nothing where it is too short to be a value at all.
[[nodiscard]] std::optional<Unsealed> unseal(std::string_view value);

/// Writes a payload, field by field.
class FieldWriter {
  public:
    void number(std::uint64_t value, unsigned bytes);
    void u8(std::uint8_t value) { number(value, 1); }
    void u32(std::uint32_t value) { number(value, 4); }
    void u64(std::uint64_t value) { number(value, 8); }
    void text(std::string_view value);  ///< u32 size, bytes
    void time(base::WallTime value);    ///< u64 ms since 1970
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

/// Reads what FieldWriter wrote. After the end it gives zeros and ok() is false.
class FieldReader {
  public:
    explicit FieldReader(std::string_view bytes) : bytes_{bytes} {}

    [[nodiscard]] std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    [[nodiscard]] std::uint64_t u64() { return number(8); }
    [[nodiscard]] std::string_view text();
    [[nodiscard]] base::WallTime time();  ///< 1970 where it cannot be one
    [[nodiscard]] bool ok() const { return ok_; }

  private:
    [[nodiscard]] std::uint64_t number(unsigned bytes);

    std::string_view bytes_;
    bool ok_ = true;
};

}  // namespace aep::store
