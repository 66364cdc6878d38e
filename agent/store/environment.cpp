#include "store/environment.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "base/clock.hpp"
#include "store/durable_file.hpp"
#include "store/page_check.hpp"
#include "telemetry/log.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, kTables> kNames{"positions", "sources", "batches"};
constexpr const char* kDataFile = "data.mdb";
constexpr const char* kFormatFile = "format";

class LmdbCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "lmdb"; }
    [[nodiscard]] std::string message(int code) const override { return mdb_strerror(code); }
};

const boost::system::error_category& lmdb_category() {
    static const LmdbCategory category;
    return category;
}

MDB_val to_value(std::string_view bytes) {
    // LMDB does not write to what it is given, but its type does not say so.
    return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view to_view(const MDB_val& value) {
    return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// LMDB ends the process where a page is not what it must be. That is the right end (nothing may be read or
/// settled with a store like that), but with a word for the operator.
void end_process(MDB_env* environment, const char* failed) {
    const auto& words = *static_cast<const std::string*>(mdb_env_get_userctx(environment));
    telemetry::log::error("store_corrupt", words, {{"reason", failed}});
    telemetry::log::flush();
    std::_Exit(2);
}

/// LMDB takes a write that a full disk cut short for an I/O error.
bool is_on_a_full_disk(int fd) {
    struct statvfs disk {};
    return ::fstatvfs(fd, &disk) == 0 && disk.f_bavail == 0;
}

/// What a process or a disk has too little of, or a disk does not permit now: no reason to give a store up.
bool is_lack(int code) {
    constexpr std::array kLacks{EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EROFS, EAGAIN, EBUSY};
    return std::ranges::find(kLacks, code) != kLacks.end();
}

/// 0: there is no format file, so nothing was ever committed here.
unsigned read_format(const fs::path& directory) {
    std::ifstream in{directory / kFormatFile};
    unsigned format = 0;
    return in >> format ? format : 0;
}

}  // namespace

base::Error lmdb_error(std::string context, int code) {
    if (code > 0) return base::system_error(std::move(context), code);
    const boost::system::error_code known{code, lmdb_category()};
    return base::Error{std::move(context) + ": " + known.message(), known};
}

bool Environment::exists(const fs::path& directory) {
    std::error_code ignored;
    return fs::exists(directory / kDataFile, ignored) || fs::exists(directory / kFormatFile, ignored);
}

Environment::Environment(fs::path directory, std::uint64_t map_bytes, Access access)
    : directory_{std::move(directory)},
      map_bytes_{map_bytes},
      access_{access},
      corrupt_{unusable("is damaged", 0).message} {}

Environment::~Environment() {
    close();
}

void Environment::close() {
    if (env_ != nullptr) mdb_env_close(env_);
    env_ = nullptr;
}

/// The error of a store that is there and cannot be used.
base::Error Environment::unusable(const std::string& what, int code) const {
    const std::string subject = "the store " + directory_.string() + ' ' + what;
    base::Error error = code == 0 ? base::Error{subject} : lmdb_error(subject, code);
    if (code == EACCES || code == EPERM) {
        error.message += fmt::format(
            "; its files belong to another user: run as that one, or give them to user {}: chown -R {} '{}'",
            ::geteuid(), ::geteuid(), directory_.string());
        return error;
    }
    if (is_lack(code)) {
        error.message += "; the store itself is not damaged: leave it as it is, mend this, and start again";
        return error;
    }
    error.message += fmt::format(
        "; to begin with an empty one, set it aside: mv '{0}' '{0}.aside' (every file is then read from "
        "where "
        "`start_at` says, and batches that wait in it are not sent)",
        directory_.string());
    return error;
}

base::Result<std::unique_ptr<Environment>> Environment::open(const fs::path& directory,
                                                             std::uint64_t map_bytes, Access access) {
    auto made = std::unique_ptr<Environment>{new Environment{directory, map_bytes, access}};
    if (access == Access::Write && ::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return base::system_error("cannot make the store " + directory.string(), errno);
    }
    const unsigned format = read_format(directory);
    if (format > kFormat) {
        return made->unusable(
            fmt::format("has format {}, and this version of aep-agent reads up to {}: run a "
                        "version that knows it",
                        format, kFormat),
            0);
    }
    if (auto opened = made->open_files(); !opened) return opened.error();
    if (access == Access::Write && format < kFormat) {
        // After the tables: what has a format was complete once, and is damaged when it is not any more.
        const std::string text = fmt::format("{}\n", kFormat);
        if (auto written = write_durably(directory / kFormatFile, text); !written) return written.error();
    }
    return base::ok(std::move(made));
}

base::Result<void> Environment::open_files() {
    std::error_code ignored;
    const bool was_complete = fs::exists(directory_ / kFormatFile, ignored);
    const std::uintmax_t size = fs::file_size(directory_ / kDataFile, ignored);
    // LMDB would make an empty store of it, and nobody would know what was lost.
    if (was_complete && (ignored || size == 0)) return unusable("has lost its data file", 0);

    if (const int code = mdb_env_create(&env_); code != 0) return lmdb_error("mdb_env_create", code);
    mdb_env_set_maxdbs(env_, kTables);
    mdb_env_set_userctx(env_, &corrupt_);
    mdb_env_set_assert(env_, end_process);
    // LMDB itself takes a larger map where the file is larger already.
    mdb_env_set_mapsize(env_, map_bytes_);
    const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (access_ == Access::ReadOnly ? MDB_RDONLY : 0U);
    if (const int code = mdb_env_open(env_, directory_.c_str(), flags, 0600); code != 0) {
        return unusable("cannot be opened", code);
    }
    find_map();
    int dead = 0;
    mdb_reader_check(env_, &dead);  // readers that were killed would keep old pages from being used again
    if (auto whole = make_whole(); !whole) return whole;
    if (auto seen = look_through(); !seen) return seen;
    return open_tables(was_complete);
}

/// LMDB does not say where its map is; the system does.
void Environment::find_map() {
    map_ = {};
    std::error_code failed;
    const std::string file = fs::canonical(directory_ / kDataFile, failed).string();
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; !failed && std::getline(maps, line);) {
        void* begin = nullptr;
        void* end = nullptr;
        if (!line.ends_with(' ' + file)) continue;
        if (std::sscanf(line.c_str(), "%p-%p", &begin, &end) != 2) continue;
        map_ = {static_cast<std::byte*>(begin), static_cast<std::byte*>(end)};
        return;
    }
}

void Environment::let_go_of_pages() {
    const std::shared_lock lock{mutex_};
    if (!map_.empty()) ::madvise(map_.data(), map_.size(), MADV_DONTNEED);
}

/// A data file that was cut short would end the process with SIGBUS where a missing page is read. Made whole
/// again with zeros, the pages are seen to be no pages (MDB_CORRUPTED) and the values not to be theirs.
base::Result<void> Environment::make_whole() {
    MDB_envinfo info{};
    MDB_stat stat{};
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    const auto needed = static_cast<off_t>((info.me_last_pgno + 1) * stat.ms_psize);
    int fd = -1;
    mdb_env_get_fd(env_, &fd);
    struct stat file {};
    if (::fstat(fd, &file) != 0) return base::system_error("fstat " + directory_.string(), errno);
    if (file.st_size >= needed) return {};
    // Unlike ftruncate() this can only make it longer, also when a writer beside us does the same.
    const std::string path = directory_ / kDataFile;
    const int writable = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    const bool extended = writable >= 0 && ::fallocate(writable, 0, needed - 1, 1) == 0;
    const int error = errno;
    if (writable >= 0) ::close(writable);
    if (!extended) return unusable("is shorter than it should be", error);
    return {};
}

/// Better to find a damaged page now than in the middle of the work.
base::Result<void> Environment::look_through() {
    MDB_txn* begun = nullptr;
    if (const int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &begun); code != 0) {
        return unusable("cannot be read", code);
    }
    const int code = check_pages(begun, access_ == Access::Write ? Correct::Yes : Correct::No);
    mdb_txn_abort(begun);
    if (code != 0) return unusable("is damaged", code);
    return {};
}

/// In a store that was complete once a missing table is damage: made anew it would be an empty one.
base::Result<void> Environment::open_tables(bool was_complete) {
    MDB_txn* transaction = nullptr;
    const bool writes = access_ == Access::Write && !was_complete;
    int code = mdb_txn_begin(env_, nullptr, writes ? 0 : MDB_RDONLY, &transaction);
    for (std::size_t i = 0; code == 0 && i < kTables; ++i) {
        code = mdb_dbi_open(transaction, kNames[i], writes ? MDB_CREATE : 0, &tables_[i]);
    }
    if (code != 0) {
        if (transaction != nullptr) mdb_txn_abort(transaction);
        return unusable("cannot be read", code);
    }
    code = mdb_txn_commit(transaction);
    if (code > 0) return lmdb_error("cannot write to the store " + directory_.string(), code);
    if (code != 0) return unusable("cannot be written", code);
    return {};
}

base::Result<void> Environment::reopen() {
    const std::unique_lock lock{mutex_};
    close();
    auto opened = open_files();
    if (!opened) close();  // no transaction may begin in what is half open
    return opened;
}

base::Result<Transaction> Environment::begin_write() {
    return begin(0);
}

base::Result<Transaction> Environment::begin_read() {
    return begin(MDB_RDONLY);
}

base::Result<Transaction> Environment::begin(unsigned flags) {
    std::shared_lock lock{mutex_};
    if (env_ == nullptr) return lmdb_error("store", MDB_PANIC);
    MDB_txn* transaction = nullptr;
    if (const int code = mdb_txn_begin(env_, nullptr, flags, &transaction); code != 0) {
        return lmdb_error("store", code);
    }
    return base::ok(Transaction{transaction, tables_, std::move(lock)});
}

Transaction::Transaction(MDB_txn* transaction, const std::array<MDB_dbi, kTables>& tables,
                         std::shared_lock<std::shared_mutex> lock)
    : lock_{std::move(lock)}, transaction_{transaction}, tables_{tables} {}

Transaction::Transaction(Transaction&& other) noexcept
    : lock_{std::move(other.lock_)},
      transaction_{std::exchange(other.transaction_, nullptr)},
      tables_{other.tables_} {}

Transaction::~Transaction() {
    if (transaction_ != nullptr) mdb_txn_abort(transaction_);
}

base::Result<std::optional<std::string_view>> Transaction::get(Table table, std::string_view key) const {
    MDB_val wanted = to_value(key);
    MDB_val found{};
    const int code = mdb_get(transaction_, handle(table), &wanted, &found);
    if (code == MDB_NOTFOUND) return base::ok(std::optional<std::string_view>{});
    if (code != 0) return lmdb_error("reading the store", code);
    return base::ok(std::optional<std::string_view>{to_view(found)});
}

base::Result<void> Transaction::put(Table table, std::string_view key, std::string_view value) {
    MDB_val where = to_value(key);
    MDB_val what = to_value(value);
    const int code = mdb_put(transaction_, handle(table), &where, &what, 0);
    if (code != 0) return lmdb_error("writing to the store", code);
    return {};
}

base::Result<char*> Transaction::reserve(Table table, std::string_view key, std::size_t size) {
    MDB_val where = to_value(key);
    MDB_val room{size, nullptr};
    const int code = mdb_put(transaction_, handle(table), &where, &room, MDB_RESERVE);
    if (code != 0) return lmdb_error("writing to the store", code);
    return base::ok(static_cast<char*>(room.mv_data));
}

base::Result<void> Transaction::remove(Table table, std::string_view key) {
    MDB_val where = to_value(key);
    const int code = mdb_del(transaction_, handle(table), &where, nullptr);
    if (code != 0 && code != MDB_NOTFOUND) return lmdb_error("removing from the store", code);
    return {};
}

base::Result<void> Transaction::touch() {
    const std::string_view key{"\0", 1};  // no id begins like that
    if (auto put = this->put(Table::Sources, key, ""); !put) return put;
    return remove(Table::Sources, key);
}

base::Result<void> Transaction::visit(Table table, std::string_view first, const Visitor& visitor) const {
    MDB_cursor* cursor = nullptr;
    if (const int code = mdb_cursor_open(transaction_, handle(table), &cursor); code != 0) {
        return lmdb_error("reading the store", code);
    }
    const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> owned{cursor, mdb_cursor_close};
    MDB_val key = to_value(first);
    MDB_val value{};
    int code = mdb_cursor_get(cursor, &key, &value, first.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (code == 0 && visitor(to_view(key), to_view(value))) {
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (code != 0 && code != MDB_NOTFOUND) return lmdb_error("reading the store", code);
    return {};
}

base::Result<void> Transaction::commit() {
    int fd = -1;
    mdb_env_get_fd(mdb_txn_env(transaction_), &fd);
    int code = mdb_txn_commit(std::exchange(transaction_, nullptr));
    if (code == EIO && is_on_a_full_disk(fd)) code = ENOSPC;
    lock_.unlock();
    if (code != 0) return lmdb_error("writing to the store", code);
    return {};
}

}  // namespace aep::store
