#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "source/framer.hpp"
#include "source/source_base.hpp"

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
    enum class Outcome { Data, Nothing, End, Stop };

    void run(const std::stop_token& stop) override;
    void wait_for_data(const std::stop_token& stop);
    [[nodiscard]] std::size_t available() const;
    [[nodiscard]] Outcome read_some(const std::stop_token& stop);
    [[nodiscard]] Outcome read_block(std::size_t wanted, const std::stop_token& stop);
    [[nodiscard]] Outcome extend_carry(std::size_t wanted, const std::stop_token& stop);
    [[nodiscard]] Outcome read_into(char* bytes, std::size_t size, std::size_t& got);
    [[nodiscard]] Outcome read_failed(int errno_value);
    [[nodiscard]] bool cut_carry(bool last, const std::stop_token& stop);
    void cut(record::BlockPtr block, bool last);
    void keep(std::string_view rest);

    const int fd_;
    const bool regular_;        ///< a regular file: always readable, never worth a wait
    const std::size_t enough_;  ///< bytes that are worth a read without any gathering
    Framer framer_;
    std::shared_ptr<ReaderState> state_;
    std::string carry_;  ///< bytes read from framer_.resume_at() on
    record::Lease carry_lease_;
    std::chrono::milliseconds backoff_;
};

}  // namespace aep::source
