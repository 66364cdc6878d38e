#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "record/batch.hpp"
#include "record/block.hpp"
#include "record/ledger.hpp"
#include "record/memory_budget.hpp"

namespace aep::record {

/// One violation in a record: what an operator needs to find it.
struct Violation {
    std::string keyword;  ///< the rule: "type", "required", "format", ...
    std::string pointer;  ///< JSON pointer into the entity
    std::string message;
};

/// A record that will never be accepted, with the reason.
struct DeadLetter {
    /// What `content` is: the record as it was read (failed before rendering: replay decodes and maps it
    /// again) or the entity as it was sent (refused: replay only wraps it again).
    enum class Form : std::uint8_t { Record, Entity };

    std::string code;    ///< stable, for machines: "invalid_json", "refused", "too_large", ...
    std::string reason;  ///< for people
    std::vector<Violation> errors;
    std::string stream;
    OriginPtr origin;
    std::uint64_t position = 0;  ///< where the record begins in its reader
    int status = 0;              ///< the inlet's status for it, 0 where it was never sent
    std::string answer;          ///< AEP's own words, bounded
    unsigned attempts = 0;       ///< how often it was sent
    Form form = Form::Record;
    std::string content;
    std::uint64_t true_size = 0;  ///< of an oversized record; 0 where content is whole
    base::WallTime time = {};

    Ticket ticket;  ///< settled once the letter is on disk
    std::uint32_t record = 0;
    Lease lease;  ///< pays for `content` until then
};

/// Takes dead letters, keeps them durably, and then settles their records. Never waits: what waits to be
/// written is paid for by the letter's lease, so that a full disk stops the sources. Free-threaded.
class DeadLetterSink {
  public:
    virtual ~DeadLetterSink() = default;
    virtual void put(DeadLetter letter) = 0;
};

}  // namespace aep::record
