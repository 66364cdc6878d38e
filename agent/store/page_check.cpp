#include "store/page_check.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

namespace aep::store {
namespace {

/// LMDB's MDB_page as it is on the disk, format 1, on machines of 64 bits.
struct PageHeader {
    std::uint64_t number = 0;
    std::uint16_t unused = 0;
    std::uint16_t flags = 0;
    std::uint32_t pages = 0;  ///< with kLargeValue

    bool operator==(const PageHeader&) const = default;
};
static_assert(sizeof(PageHeader) == 16);
constexpr std::uint16_t kLargeValue = 0x04;
/// The table of free pages: which pages each transaction freed.
constexpr MDB_dbi kFreePages = 0;
/// The first two pages are roots.
constexpr std::uint64_t kFirstPage = 2;

std::size_t offset_of(const DataFile& file, const void* place) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(place) - file.pages.data());
}

/// How many, then which, from the last to the first.
bool is_list_of_pages(std::string_view value, std::uint64_t end) {
    const auto number = [&](std::uint64_t i) {
        std::uint64_t read = 0;
        std::memcpy(&read, value.data() + i * sizeof read, sizeof read);
        return read;
    };
    if (value.size() < sizeof(std::uint64_t)) return false;
    const std::uint64_t count = number(0);
    if (count > value.size() / sizeof(std::uint64_t) - 1) return false;
    for (std::uint64_t i = 1; i <= count; ++i) {
        const std::uint64_t page = number(i);
        if (page < kFirstPage || page >= end) return false;
        end = page;
    }
    return true;
}

}  // namespace

bool lies_within(const DataFile& file, std::string_view value) {
    const auto* begin = reinterpret_cast<const std::byte*>(value.data());
    const auto* end = file.pages.data() + file.pages.size();
    return begin >= file.pages.data() && begin <= end &&
           value.size() <= static_cast<std::size_t>(end - begin);
}

base::Result<void> correct_page_count(const DataFile& file, std::string_view value) {
    const std::size_t offset = offset_of(file, value.data());
    // Other values share their page with their key, behind an even longer beginning.
    if (value.size() < file.page_size / 2 || offset % file.page_size != sizeof(PageHeader)) return {};
    const std::size_t page = offset - sizeof(PageHeader);
    PageHeader found;
    std::memcpy(&found, file.pages.data() + page, sizeof found);
    const PageHeader right{
        .number = page / file.page_size,
        .unused = found.unused,
        .flags = kLargeValue,
        .pages = static_cast<std::uint32_t>((sizeof(PageHeader) - 1 + value.size()) / file.page_size + 1)};
    if (found == right) return {};
    if (::pwrite(file.fd, &right, sizeof right, static_cast<off_t>(page)) == sizeof right) return {};
    return base::system_error("correcting a page of the store", errno);
}

int check_free_pages(MDB_txn* transaction, const DataFile& file) {
    MDB_cursor* cursor = nullptr;
    if (const int code = mdb_cursor_open(transaction, kFreePages, &cursor); code != 0) return code;
    const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> owned{cursor, mdb_cursor_close};
    const std::uint64_t end = file.pages.size() / file.page_size;
    MDB_val key{};
    MDB_val value{};
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; code == 0; code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        const std::string_view list{static_cast<const char*>(value.mv_data), value.mv_size};
        if (!lies_within(file, list) || !is_list_of_pages(list, end)) return MDB_CORRUPTED;
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

}  // namespace aep::store
