#pragma once

#include <lmdb.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.hpp"

/// What LMDB takes from a data file without a look at it. A page that something else has written to would end
/// the process with a signal, or keep it busy for hours, instead of an error.
namespace aep::store {

/// A data file and where it is mapped.
struct DataFile {
    int fd = -1;
    std::span<const std::byte> pages;  ///< those in use
    std::size_t page_size = 4096;
};

/// Whether a value is where pages are: sizes are taken from the tree.
[[nodiscard]] bool lies_within(const DataFile& file, std::string_view value);

/// A large value has pages of its own, and their first says how many they are: so many are freed when the
/// value is removed. Where that is not what the value's size asks for it is corrected on the disk; whether
/// the value itself is right its checksum knows. `value` lies within the file.
[[nodiscard]] base::Result<void> correct_page_count(const DataFile& file, std::string_view value);

/// Looks through the pages that are said to be free. Returns 0, or MDB_CORRUPTED or what else LMDB says.
[[nodiscard]] int check_free_pages(MDB_txn* transaction, const DataFile& file);

}  // namespace aep::store
