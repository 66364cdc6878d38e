#pragma once

#include <lmdb.h>

#include <cstdint>

namespace aep::store {

/// What to do with the first page of a large value that does not say what it must.
enum class Correct : std::uint8_t { No, Yes };

/// Looks through the pages of a data file that LMDB believes: those of the trees, and the lists of free
/// pages. LMDB checks little of what it reads; in a page that something else has written to it would follow
/// offsets to where there is nothing (SIGBUS), use a page for two things, or free more pages than there are.
///
/// The first page of a large value says only how many it has, which its entry in the tree says as well: it is
/// corrected on the disk, and whether the value is right its checksum knows.
///
/// `transaction` reads, and its state of the file is looked at. Returns 0, MDB_CORRUPTED, or an errno.
[[nodiscard]] int check_pages(MDB_txn* transaction, Correct correct);

}  // namespace aep::store
