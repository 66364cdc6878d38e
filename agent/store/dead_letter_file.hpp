#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "record/dead_letter.hpp"
#include "store/options.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::store {

/// Dead letters as NDJSON in `dir`, one line each, files of mode 0600. A thread of its own writes what has
/// come, syncs once (group commit), and only then settles the records. A full disk or a full budget
/// (max_bytes, unless the oldest files may be dropped) holds them, loudly, until there is room again. Where
/// no letter has come for some seconds the file is closed, so that others may replay it. put() is
/// free-threaded and never waits.
class DeadLetterFile : public record::DeadLetterSink {
  public:
    /// Makes the directory; fails where it cannot be written.
    [[nodiscard]] static base::Result<std::unique_ptr<DeadLetterFile>> open(const DeadLetterOptions& options,
                                                                            telemetry::Metrics& metrics,
                                                                            telemetry::Health& health);
    /// The same into one file that is made when the first letter comes (`send --rejected FILE`).
    [[nodiscard]] static std::unique_ptr<DeadLetterFile> single(std::filesystem::path file,
                                                                telemetry::Metrics& metrics,
                                                                telemetry::Health& health);
    ~DeadLetterFile() override;
    DeadLetterFile(const DeadLetterFile&) = delete;
    DeadLetterFile& operator=(const DeadLetterFile&) = delete;

    void put(record::DeadLetter letter) override;

    /// Waits until all letters are on disk and settled, or `timeout` has passed. True: nothing is left.
    [[nodiscard]] bool drain(std::chrono::milliseconds timeout);

  private:
    struct Impl;
    explicit DeadLetterFile(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// One dead letter as its line of NDJSON, with the newline.
[[nodiscard]] std::string to_line(const record::DeadLetter& letter);

}  // namespace aep::store
