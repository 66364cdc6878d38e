#include "store/page_check.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

// LMDB's data format 1 on machines of 64 bits, as its lmdb.h and mdb_dump describe it from outside.
namespace aep::store {
namespace {

static_assert(sizeof(std::size_t) == 8);
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr std::uint64_t kRoots = 2;  ///< the first pages; commits take turns with them
constexpr std::size_t kHeaderSize = 16;
constexpr std::size_t kNodeSize = 8;
constexpr std::size_t kMaxKey = 511;
constexpr int kMaxDepth = 32;

constexpr std::uint16_t kBranch = 0x01;
constexpr std::uint16_t kLeaf = 0x02;
constexpr std::uint16_t kLarge = 0x04;  ///< page flags so far

constexpr std::uint16_t kOwnPages = 0x01;  ///< flags of entries: the value is on pages of its own
constexpr std::uint16_t kTable = 0x02;     ///< the value is a TableRecord

constexpr std::uint16_t kNumberKeys = 0x08;  ///< a flag of tables: that of free pages has it

struct TableRecord {
    std::uint32_t unused = 0;
    std::uint16_t flags = 0;
    std::uint16_t depth = 0;
    std::uint64_t sums[4] = {};
    std::uint64_t root = kNoPage;
};
static_assert(sizeof(TableRecord) == 48);

struct Root {
    std::uint32_t magic = 0;
    std::uint32_t version = 0;
    std::uint64_t address = 0;
    std::uint64_t map_size = 0;
    TableRecord free_pages;
    TableRecord tables;
    std::uint64_t last_page = 0;
    std::uint64_t transaction = 0;
};
static_assert(sizeof(Root) == 136);

struct LargeHeader {
    std::uint64_t number = 0;
    std::uint16_t unused = 0;
    std::uint16_t flags = 0;
    std::uint32_t pages = 0;

    bool operator==(const LargeHeader&) const = default;
};
static_assert(sizeof(LargeHeader) == kHeaderSize);

/// What a table holds.
enum class Kind : std::uint8_t { FreePages, Tables, Values };

class PageCheck {
  public:
    PageCheck(int fd, std::size_t page_size, Correct correct)
        : fd_{fd}, page_size_{page_size}, correct_{correct} {}

    /// Functions return 0 or the code of what is wrong.
    int check(std::uint64_t transaction);

  private:
    using Bytes = std::vector<char>;

    template <class T>
    static T field(const Bytes& bytes, std::size_t at) {
        T value;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        return value;
    }

    int read(std::uint64_t page, std::size_t at, std::size_t size, Bytes& into) const;
    int find_root(std::uint64_t transaction, Root& root) const;
    [[nodiscard]] bool is_within_reason(std::uint64_t last_page) const;
    int take(std::uint64_t first, std::uint64_t count);
    int table(const TableRecord& record, Kind kind);
    int tree(std::uint64_t number, Kind kind, int depth);
    int branch_entry(const Bytes& page, std::size_t at, Kind kind, int depth);
    int leaf_entry(const Bytes& page, std::size_t at, Kind kind);
    int large_value(std::uint64_t first, std::size_t size, Kind kind);
    int free_list(const Bytes& list);

    const int fd_;
    const std::size_t page_size_;
    const Correct correct_;
    std::vector<bool> taken_;  ///< by page: it is part of something
};

int PageCheck::read(std::uint64_t page, std::size_t at, std::size_t size, Bytes& into) const {
    into.resize(size);
    const auto offset = static_cast<off_t>(page * page_size_ + at);
    const ssize_t got = ::pread(fd_, into.data(), size, offset);
    if (got < 0) return errno;
    return static_cast<std::size_t>(got) == size ? 0 : MDB_CORRUPTED;
}

int PageCheck::find_root(std::uint64_t transaction, Root& root) const {
    Bytes bytes;
    for (std::uint64_t page = 0; page < kRoots; ++page) {
        if (const int code = read(page, kHeaderSize, sizeof(Root), bytes); code != 0) return code;
        root = field<Root>(bytes, 0);
        if (root.transaction == transaction) return 0;
    }
    return MDB_CORRUPTED;
}

int PageCheck::check(std::uint64_t transaction) {
    Root root;
    if (const int code = find_root(transaction, root); code != 0) return code;
    if (!is_within_reason(root.last_page)) return MDB_CORRUPTED;
    taken_.assign(root.last_page + 1, false);
    if (const int code = take(0, kRoots); code != 0) return code;
    if (const int code = table(root.free_pages, Kind::FreePages); code != 0) return code;
    return table(root.tables, Kind::Tables);
}

/// Pages at the end may not have been written yet; but there are not many of them.
bool PageCheck::is_within_reason(std::uint64_t last_page) const {
    constexpr std::uint64_t kMostUnwritten = 1U << 16U;
    struct stat file {};
    return ::fstat(fd_, &file) == 0 &&
           last_page < static_cast<std::uint64_t>(file.st_size) / page_size_ + kMostUnwritten;
}

/// No page is part of two things.
int PageCheck::take(std::uint64_t first, std::uint64_t count) {
    if (first >= taken_.size() || count > taken_.size() - first) return MDB_CORRUPTED;
    for (std::uint64_t page = first; page < first + count; ++page) {
        if (taken_[page]) return MDB_CORRUPTED;
        taken_[page] = true;
    }
    return 0;
}

int PageCheck::table(const TableRecord& record, Kind kind) {
    if (record.flags != (kind == Kind::FreePages ? kNumberKeys : 0)) return MDB_CORRUPTED;
    return record.root == kNoPage ? 0 : tree(record.root, kind, 0);
}

int PageCheck::tree(std::uint64_t number, Kind kind, int depth) {
    if (depth >= kMaxDepth) return MDB_CORRUPTED;
    if (const int code = take(number, 1); code != 0) return code;
    Bytes page;
    if (const int code = read(number, 0, page_size_, page); code != 0) return code;
    const auto flags = field<std::uint16_t>(page, 10);
    const auto lower = field<std::uint16_t>(page, 12);
    const auto upper = field<std::uint16_t>(page, 14);
    if (field<std::uint64_t>(page, 0) != number || (flags != kBranch && flags != kLeaf)) return MDB_CORRUPTED;
    if (lower < kHeaderSize || lower > upper || upper > page_size_) return MDB_CORRUPTED;
    const std::size_t entries = (lower - kHeaderSize) / sizeof(std::uint16_t);
    if (entries < (flags == kBranch ? 2U : 1U)) return MDB_CORRUPTED;
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t at = field<std::uint16_t>(page, kHeaderSize + i * sizeof(std::uint16_t));
        if (at < upper || at + kNodeSize > page_size_) return MDB_CORRUPTED;
        const int code = flags == kBranch ? branch_entry(page, at, kind, depth) : leaf_entry(page, at, kind);
        if (code != 0) return code;
    }
    return 0;
}

int PageCheck::branch_entry(const Bytes& page, std::size_t at, Kind kind, int depth) {
    const std::size_t key = field<std::uint16_t>(page, at + 6);
    if (key > kMaxKey || at + kNodeSize + key > page_size_) return MDB_CORRUPTED;
    const std::uint64_t child =
        field<std::uint32_t>(page, at) | std::uint64_t{field<std::uint16_t>(page, at + 4)} << 32U;
    return tree(child, kind, depth + 1);
}

int PageCheck::leaf_entry(const Bytes& page, std::size_t at, Kind kind) {
    const std::size_t size = field<std::uint32_t>(page, at);
    const auto flags = field<std::uint16_t>(page, at + 4);
    const std::size_t key = field<std::uint16_t>(page, at + 6);
    const std::size_t value = at + kNodeSize + key;
    const std::size_t here = flags == kOwnPages ? sizeof(std::uint64_t) : size;
    if (key == 0 || key > kMaxKey || value > page_size_ || here > page_size_ - value) return MDB_CORRUPTED;
    if (kind == Kind::FreePages && key != sizeof(std::uint64_t)) return MDB_CORRUPTED;
    if (flags == kOwnPages) return large_value(field<std::uint64_t>(page, value), size, kind);
    if (flags != (kind == Kind::Tables ? kTable : 0)) return MDB_CORRUPTED;
    if (kind == Kind::Tables) {
        return size == sizeof(TableRecord) ? table(field<TableRecord>(page, value), Kind::Values)
                                           : MDB_CORRUPTED;
    }
    if (kind == Kind::Values) return 0;
    const auto begin = page.begin() + static_cast<std::ptrdiff_t>(value);
    return free_list({begin, begin + static_cast<std::ptrdiff_t>(size)});
}

int PageCheck::large_value(std::uint64_t first, std::size_t size, Kind kind) {
    const std::uint64_t count = (kHeaderSize - 1 + size) / page_size_ + 1;
    if (kind == Kind::Tables) return MDB_CORRUPTED;
    if (const int code = take(first, count); code != 0) return code;
    Bytes bytes;
    if (const int code = read(first, 0, kHeaderSize, bytes); code != 0) return code;
    const auto found = field<LargeHeader>(bytes, 0);
    const LargeHeader right{
        .number = first, .unused = found.unused, .flags = kLarge, .pages = static_cast<std::uint32_t>(count)};
    if (found != right && correct_ == Correct::Yes) {
        const auto place = static_cast<off_t>(first * page_size_);
        if (::pwrite(fd_, &right, sizeof right, place) != static_cast<ssize_t>(sizeof right)) return errno;
    }
    if (kind == Kind::Values) return 0;
    if (const int code = read(first, kHeaderSize, size, bytes); code != 0) return code;
    return free_list(bytes);
}

/// How many, then which, from the last to the first.
int PageCheck::free_list(const Bytes& list) {
    constexpr std::size_t kNumber = sizeof(std::uint64_t);
    if (list.size() < kNumber) return MDB_CORRUPTED;
    const auto count = field<std::uint64_t>(list, 0);
    if (count > list.size() / kNumber - 1) return MDB_CORRUPTED;
    std::uint64_t end = taken_.size();
    for (std::uint64_t i = 1; i <= count; ++i) {
        const auto page = field<std::uint64_t>(list, i * kNumber);
        if (page >= end) return MDB_CORRUPTED;
        if (const int code = take(page, 1); code != 0) return code;
        end = page;
    }
    return 0;
}

}  // namespace

int check_pages(MDB_txn* transaction, Correct correct) {
    MDB_env* environment = mdb_txn_env(transaction);
    int fd = -1;
    MDB_stat stat{};
    mdb_env_get_fd(environment, &fd);
    mdb_env_stat(environment, &stat);
    return PageCheck{fd, stat.ms_psize, correct}.check(mdb_txn_id(transaction));
}

}  // namespace aep::store
