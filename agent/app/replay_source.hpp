#pragma once

#include <functional>
#include <stop_token>

#include "app/replay_book.hpp"
#include "source/source_base.hpp"

namespace aep::app {

/// Reads the letters of one way of a ReplayBook and hands each over as a record of the place that it first
/// came from: its reader is a Ledger of its own with the original source, file, generation and position. So
/// generated ids are the same as the first time, and a letter that is rejected again says where the record
/// is. The book outlives the agent.
class ReplaySource final : public source::SourceBase {
  public:
    ReplaySource(ReplayBook& book, const source::SourceOptions& options,
                 const source::Surroundings& surroundings, std::function<void()> on_finished);
    ~ReplaySource() override { stop(); }

  private:
    void run(const std::stop_token& stop) override;
    [[nodiscard]] bool read_file(std::size_t file, const std::stop_token& stop);
    [[nodiscard]] bool hand_over(std::size_t file, const store::LetterReader::Line& line,
                                 const std::stop_token& stop);
    [[nodiscard]] record::OriginPtr origin_of(const store::StoredLetter& letter) const;

    ReplayBook& book_;
    record::RecordCounters& counters_;
    const std::uint16_t way_;
};

}  // namespace aep::app
