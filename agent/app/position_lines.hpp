#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "record/position_store.hpp"

namespace aep::app {

/// A mark as one line of JSON, without its newline; what `positions export` writes and `import` reads.
///
///     {"source":"web","file":"/var/log/a.json","position":4096,"finished":false,
///      "last_seen":"2026-01-31T12:00:00.123Z","generation":"...","device":1,"inode":2,
///      "fingerprint":{"size":1024,"hash":"<32 hex digits>"},
///      "tail":{"end":4095,"size":200,"hash":"<16 hex digits>"}}
[[nodiscard]] std::string to_line(const record::FileMark& mark);
[[nodiscard]] base::Result<record::FileMark> parse_line(std::string_view line);

/// The current size of the mark's file: nothing where another file, or none, has its name now.
[[nodiscard]] std::optional<std::uint64_t> size_of(const record::FileMark& mark);

/// The marks as a table for people, a header first.
[[nodiscard]] std::string to_table(const std::vector<record::FileMark>& marks);

}  // namespace aep::app
