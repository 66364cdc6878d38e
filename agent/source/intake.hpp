#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "record/block.hpp"
#include "source/options.hpp"
#include "source/source.hpp"

namespace aep::source {

/// How large a Block is where there is more than enough to read.
inline constexpr std::size_t kBlockTarget = std::size_t{256} << 10U;

/// `bytes` rounded up to whole pages of 4 KiB, at least one.
[[nodiscard]] constexpr std::size_t round_up_to_page(std::size_t bytes) {
    constexpr std::size_t kPage = 4096;
    return bytes == 0 ? kPage : (bytes + kPage - 1) / kPage * kPage;
}

/// The way from a source's readers into the pipeline: pays for memory before anything is read, and hands over
/// what was read. Confined to the source's thread, but for redirect() and last_record().
class Intake {
  public:
    Intake(const SourceOptions& options, const Surroundings& surroundings);

    /// Source::redirect().
    void redirect(Outlet outlet);

    /// The number of a new reader (record::Origin::reader).
    [[nodiscard]] static std::uint64_t new_number();

    /// A Ledger, and with it an Origin, of a file's reader that begins, or goes on, at `position`.
    [[nodiscard]] std::shared_ptr<record::Ledger> open_file(std::string name, std::string generation,
                                                            std::uint64_t number,
                                                            std::uint64_t position) const;

    /// The same of a new connection, of a socket for datagrams that listens at `name`, or of stdin. Its
    /// generation is random, so that no two make the same ids.
    [[nodiscard]] std::shared_ptr<record::Ledger> open_stream(std::string name, bool is_peer) const;

    /// How many new bytes the next Block should take: kBlockTarget, less where records are so small that
    /// more would not go into one Block.
    [[nodiscard]] std::size_t block_bytes() const;

    /// An empty Block, paid for at the size that its records will have as messages. Waits for memory, and
    /// while the stream is held; null when `stop` was asked for.
    [[nodiscard]] record::BlockPtr open_block(const record::OriginPtr& origin, std::size_t capacity,
                                              const std::stop_token& stop) const;

    /// The same for bytes that are held already and can stay nowhere: does not wait, and may pass the limit
    /// by what their envelopes take.
    [[nodiscard]] record::BlockPtr open_block_at_once(const record::OriginPtr& origin,
                                                      std::size_t capacity) const;

    /// The two halves of open_block(), for a source that cannot know before it reads how large a Block it
    /// needs. The first waits for memory (an empty Lease: stop was asked for), the second only counts.
    [[nodiscard]] record::Lease admit(std::size_t capacity, const std::stop_token& stop) const;
    [[nodiscard]] record::BlockPtr open_admitted(const record::OriginPtr& origin, std::size_t capacity,
                                                 record::Lease lease) const;

    /// Registers the Block's records and pushes it, as received now where its source does not say otherwise;
    /// a Block without records only moves the position.
    void hand_over(record::BlockPtr block, const std::shared_ptr<record::Ledger>& ledger);

    /// So many records will be read, and handed over, once more.
    void give_back(std::uint64_t records) const { surroundings_.counters.give_back(records); }

    /// When a record was handed over last. Free-threaded.
    [[nodiscard]] std::optional<base::WallTime> last_record() const;

    /// For what a source keeps between Blocks: counted, never waits.
    [[nodiscard]] record::Lease open_lease() const { return way()->outlet.memory->open_kept(); }

    /// `relieve` is called again and again, on the source's thread, while open_block() waits and crowded()
    /// holds: the incomplete records of several sources can take all the memory that there is, and then none
    /// of them comes to its end.
    void on_crowd(std::function<void()> relieve) { relieve_ = std::move(relieve); }
    [[nodiscard]] bool crowded() const { return way()->outlet.memory->crowded(); }

  private:
    /// Where Blocks go until the next redirect().
    struct Way {
        Outlet outlet;
        std::stop_source replaced;
    };
    [[nodiscard]] std::shared_ptr<Way> way() const;
    [[nodiscard]] record::Lease wait_for(const Way& way, std::size_t capacity,
                                         const std::stop_token& stop) const;
    [[nodiscard]] std::size_t as_messages(const Outlet& outlet, std::size_t capacity) const;
    [[nodiscard]] std::shared_ptr<record::Ledger> open_ledger(record::Origin origin,
                                                              std::uint64_t position) const;
    [[nodiscard]] std::size_t expected_records(std::size_t capacity) const;

    const SourceOptions& options_;
    const Surroundings surroundings_;
    mutable std::mutex mutex_;
    std::shared_ptr<Way> way_;  ///< guarded; taken once per Block
    std::function<void()> relieve_;
    std::size_t record_size_ = 512;  ///< what a record takes on average; an assumption at first
    std::atomic<base::WallTime> last_record_ = base::WallTime{};
};

}  // namespace aep::source
