#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "record/ledger.hpp"
#include "source/source.hpp"

namespace aep::source {

/// What others may see of one reader while its source reads. Free-threaded, but for `ledger`.
struct ReaderState {
    explicit ReaderState(std::shared_ptr<record::Ledger> reader_ledger) : ledger{std::move(reader_ledger)} {}

    /// Shared with the tickets of its Blocks. Null: everything that was read is settled. Once the reader is
    /// in Readers, changed by Readers::set_ledger() alone, on the source's thread.
    std::shared_ptr<record::Ledger> ledger;
    std::atomic<std::uint64_t> read = 0;
    std::atomic<std::uint64_t> size = 0;
    std::atomic<bool> closed = false;  ///< nothing more will be read
};

/// The readers of a source. Guarded by its own mutex.
class Readers {
  public:
    /// `keep_closed`: also show readers that are closed and settled, as a progress bar needs it.
    explicit Readers(bool keep_closed) : keep_closed_{keep_closed} {}

    void add(std::shared_ptr<ReaderState> reader);
    void set_ledger(ReaderState& reader, std::shared_ptr<record::Ledger> ledger);
    [[nodiscard]] std::vector<Source::Progress> progress() const;
    [[nodiscard]] std::optional<base::SteadyTime> oldest_unsettled() const;

    /// Forgets readers that are closed and settled, so that a source with ever new files stays bounded.
    void prune();

  private:
    const bool keep_closed_;
    mutable std::mutex mutex_;
    std::list<std::shared_ptr<ReaderState>> readers_;  ///< shared with the source's thread
};

}  // namespace aep::source
