#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/answer.hpp"
#include "record/batch.hpp"
#include "store/options.hpp"
#include "telemetry/metrics.hpp"

namespace aep::delivery {

/// Receipts: one line of NDJSON for each request that AEP took (2xx), with what AEP calls it and its
/// messages, so that a record can be found again on the other side (config/RECORDS.md, Receipts). A thread of
/// its own looks into bodies and answers and writes; put() only copies. Receipts never stop delivery: what
/// does not fit the queue, or cannot be written, is counted and left out. put() is free-threaded.
class ReceiptWriter {
  public:
    /// What may wait to be written, in bytes.
    static constexpr std::size_t kQueueBytes = std::size_t{4} << 20U;

    /// Makes the directory; fails where that cannot be done.
    [[nodiscard]] static base::Result<std::unique_ptr<ReceiptWriter>> open(
        const store::ReceiptOptions& options, telemetry::Metrics& metrics);
    /// Writes what waits.
    ~ReceiptWriter();
    ReceiptWriter(const ReceiptWriter&) = delete;
    ReceiptWriter& operator=(const ReceiptWriter&) = delete;

    /// `answer` is the one to `batch`, whose messages are not settled yet. Never waits.
    void put(const record::Batch& batch, const std::string& destination, const http::Answer& answer,
             unsigned attempts);

  private:
    struct Impl;
    explicit ReceiptWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::delivery
