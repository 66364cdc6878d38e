#pragma once

#include <lmdb.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace aep::store {

/// What the store keeps, each in a table of its own.
enum class Table : std::uint8_t {
    Positions,  ///< one file mark per key (position_table.hpp)
    Sources,    ///< one entry per source whose first scan is through
    Batches,    ///< the disk buffers (batch_table.hpp)
};
inline constexpr std::size_t kTables = 3;

class Transaction;

/// One LMDB environment: a directory with a memory-mapped data file and a table of readers. A commit is
/// atomic and synced when it returns; readers in this and other processes see the state of the last one.
///
/// Free-threaded: there is one write transaction at a time, others wait for it. One process opens a directory
/// for writing (StateLock), at most once; any number may open it read-only meanwhile.
///
/// LMDB has no checksums: every value is sealed (sealed.hpp). A full disk fails the commit and leaves the
/// store as it was, because the map is not writable (no MDB_WRITEMAP, which would turn it into SIGBUS). Where
/// LMDB meets a page that cannot be, it ends the process (exit code 2, with the same advice as open());
/// open() looks through all pages, so that this is the rare case of a page that was damaged while we run.
class Environment {
  public:
    enum class Access : std::uint8_t { Write, ReadOnly };

    /// The format of the directory, in its file `format`. A newer one is refused.
    static constexpr unsigned kFormat = 1;

    /// Opens `directory`, for writing makes it. `map_bytes`: the most that the data file grows to. Errors
    /// name what to do: a store that cannot be used must not be passed over in silence, because its files
    /// would be read from where the configuration says.
    [[nodiscard]] static base::Result<std::unique_ptr<Environment>> open(
        const std::filesystem::path& directory, std::uint64_t map_bytes, Access access);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    [[nodiscard]] base::Result<Transaction> begin_write();
    [[nodiscard]] base::Result<Transaction> begin_read();

    /// Closes and opens again what LMDB refuses to go on with after a failed write of its root (MDB_PANIC).
    /// Waits for all transactions to end. After an error there are none until it is called again: MDB_PANIC.
    [[nodiscard]] base::Result<void> reopen();

    /// Pages of the map that were read count as this process's memory until they are let go. They stay in the
    /// system's cache.
    void let_go_of_pages();

    /// Whether there is a store in `directory`.
    [[nodiscard]] static bool exists(const std::filesystem::path& directory);

  private:
    friend class Transaction;

    Environment(std::filesystem::path directory, std::uint64_t map_bytes, Access access);
    [[nodiscard]] base::Result<void> open_files();
    [[nodiscard]] base::Result<void> open_tables(bool was_complete);
    [[nodiscard]] base::Result<void> make_whole();
    [[nodiscard]] base::Result<void> look_through();
    [[nodiscard]] base::Result<Transaction> begin(unsigned flags);
    [[nodiscard]] base::Error unusable(const std::string& what, int code) const;
    void close();
    void find_map();

    const std::filesystem::path directory_;
    const std::uint64_t map_bytes_;
    const Access access_;
    std::string corrupt_;      ///< what is said when LMDB meets a page that cannot be
    std::shared_mutex mutex_;  ///< shared: a transaction runs; exclusive: the environment is being reopened
    MDB_env* env_ = nullptr;
    std::array<MDB_dbi, kTables> tables_{};
    std::span<std::byte> map_;  ///< where the data file is mapped; empty where that is not known
};

/// A transaction; aborted unless it is committed. What get() and visit() show lives until the transaction
/// ends or writes. Confined.
class Transaction {
  public:
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    [[nodiscard]] base::Result<std::optional<std::string_view>> get(Table table, std::string_view key) const;
    [[nodiscard]] base::Result<void> put(Table table, std::string_view key, std::string_view value);
    /// The same in two steps: where to write the value, before the transaction is used again.
    [[nodiscard]] base::Result<char*> reserve(Table table, std::string_view key, std::size_t size);
    /// A key that is not there is no error.
    [[nodiscard]] base::Result<void> remove(Table table, std::string_view key);

    /// Makes its commit count as one even where nothing else changes. A transaction may use the pages that
    /// the last but one before it freed; those of the last one are kept for readers.
    [[nodiscard]] base::Result<void> touch();

    /// Called per entry, in the order of the keys, from `first` on, until it returns false.
    using Visitor = std::function<bool(std::string_view key, std::string_view value)>;
    [[nodiscard]] base::Result<void> visit(Table table, std::string_view first, const Visitor& visitor) const;

    /// Synced when it returns without an error; with one nothing has changed.
    [[nodiscard]] base::Result<void> commit();

  private:
    friend class Environment;
    Transaction(MDB_txn* transaction, const std::array<MDB_dbi, kTables>& tables,
                std::shared_lock<std::shared_mutex> lock);
    [[nodiscard]] MDB_dbi handle(Table table) const { return tables_[static_cast<std::size_t>(table)]; }

    std::shared_lock<std::shared_mutex> lock_;  ///< first: released after the transaction has ended
    MDB_txn* transaction_;
    std::array<MDB_dbi, kTables> tables_;
};

/// LMDB's own codes and errno values as an Error.
[[nodiscard]] base::Error lmdb_error(std::string context, int code);

}  // namespace aep::store
