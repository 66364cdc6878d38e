#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/batch.hpp"
#include "record/counters.hpp"
#include "record/ledger.hpp"
#include "record/memory_budget.hpp"
#include "store/stored_batch.hpp"

namespace aep::delivery {

/// A batch read back from the disk buffer. A value.
struct BufferedBatch {
    /// Copies everything out of `value`, which need not outlive the call.
    [[nodiscard]] static BufferedBatch read(std::uint64_t number, std::string_view value,
                                            const std::string& destination, record::MemoryShare& memory);

    std::uint64_t number = 0;
    std::uint64_t bytes = 0;               ///< of the value
    std::optional<store::BatchHead> head;  ///< absent where the head is damaged
    record::BatchPtr batch;                ///< null where anything is; without tickets
    std::string damage;                    ///< what is wrong, empty where all is well
    std::string raw;                       ///< the damaged value
};

using CountersOf = std::function<record::RecordCounters&(const std::string& source)>;

/// Gives a batch tickets of new Ledgers, one per origin, in which each of its messages is a record: `on_ack`
/// learns when they are settled, and the counters of their sources as `head` says.
void attach_ledgers(record::Batch& batch, const store::BatchHead& head, const CountersOf& counters_of,
                    const record::Ledger::OnAck& on_ack);

/// Writes a damaged value to a file in `directory`; returns its name.
[[nodiscard]] base::Result<std::filesystem::path> keep_aside(const std::filesystem::path& directory,
                                                             const std::string& destination,
                                                             const BufferedBatch& batch);

}  // namespace aep::delivery
