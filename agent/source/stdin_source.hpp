#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "source/source_base.hpp"
#include "source/stream_reader.hpp"

namespace aep::source {

/// Reads standard input (a pipe, a terminal, a regular file, blocking or not) to its end; the last record may
/// lack its delimiter. Back pressure: while there is no memory it does not read, so the writer waits.
class StdinSource final : public SourceBase {
  public:
    /// `fd` stays the caller's and must stay open until stop() has returned.
    StdinSource(const SourceOptions& options, const Surroundings& surroundings,
                std::function<void()> on_finished, int fd = 0);
    ~StdinSource() override { stop(); }

  private:
    using Outcome = StreamReader::Outcome;

    void run(const std::stop_token& stop) override;
    [[nodiscard]] Outcome read_once(const std::stop_token& stop);
    [[nodiscard]] bool drain(const std::stop_token& stop);
    void tell_lost();
    void wait_for_data(const std::stop_token& stop);
    [[nodiscard]] std::size_t available() const;
    [[nodiscard]] Outcome read_into(char* bytes, std::size_t size, std::size_t& got);
    [[nodiscard]] Outcome read_failed(int errno_value);

    const int fd_;
    const bool regular_;                        ///< a regular file: always readable, never worth a wait
    const std::size_t enough_;                  ///< bytes that are worth a read without any gathering
    const std::shared_ptr<ReaderState> state_;  ///< shared with Readers
    StreamReader reader_;
    const StreamReader::Read read_;
    std::chrono::milliseconds backoff_;
};

}  // namespace aep::source
