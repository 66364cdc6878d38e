#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "record/position_store.hpp"
#include "store/environment.hpp"

/// File marks in the table of positions. Key: source, NUL, generation. Value: sealed, format 1:
///
///     text path | u64 device | u64 inode | u32 u64 u64 fingerprint | u64 position | u8 finished |
///     u64 last_seen (ms since 1970) | u64 born (ns since 1970) | u64 u64 u32 tail
///
/// Earlier versions end with last_seen or with born, and pass over what follows.
namespace aep::store {

/// A file that was read to its end is known again for so long after it was last seen: a rotated file may come
/// back under another name.
inline constexpr std::chrono::hours kKeepFinished{7 * 24};
/// One that was not, and is gone: its disk may only be away for a while.
inline constexpr std::chrono::hours kKeepUnfinished{30 * 24};

[[nodiscard]] std::string position_key(std::string_view source, std::string_view generation);

[[nodiscard]] base::Result<void> put_mark(Transaction& transaction, const record::FileMark& mark);

/// Notes in the table of sources that the source's first scan is through: key: source, sealed and empty
/// value.
[[nodiscard]] base::Result<void> put_scanned(Transaction& transaction, std::string_view source);
/// Whether it was noted, which a mark of the source proves as well. A damaged note is one.
[[nodiscard]] base::Result<bool> get_scanned(const Transaction& transaction, std::string_view source);

/// What a key holds.
struct FoundMark {
    std::string key;
    record::FileMark mark;
    bool damaged = false;  ///< then only source and generation are certain, and path may be shown
};

/// Nothing where there is no such mark.
[[nodiscard]] base::Result<std::optional<FoundMark>> get_mark(const Transaction& transaction,
                                                              std::string_view key);
/// All marks of one source, or of all where `source` is empty.
[[nodiscard]] base::Result<std::vector<FoundMark>> all_marks(const Transaction& transaction,
                                                             std::string_view source = {});

/// Whether a mark was not seen for so long that it is to be forgotten.
[[nodiscard]] bool is_stale(const record::FileMark& mark, base::WallTime now);

}  // namespace aep::store
