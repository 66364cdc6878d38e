#include "app/replay_source.hpp"

#include <cstring>
#include <memory>
#include <utility>

#include "store/stored_letter.hpp"
#include "telemetry/log.hpp"
#include "xdm/timestamp.hpp"

namespace aep::app {

using store::LetterReader;
using store::StoredLetter;

ReplaySource::ReplaySource(ReplayBook& book, const source::SourceOptions& options,
                           const source::Surroundings& surroundings, std::function<void()> on_finished)
    : SourceBase{options, surroundings, std::move(on_finished)},
      book_{book},
      counters_{surroundings.counters},
      way_{book.way_named(options.id)} {}

void ReplaySource::run(const std::stop_token& stop) {
    for (std::size_t file = 0; file < book_.files(); ++file) {
        if (!read_file(file, stop)) return;
    }
    finish();
}

/// False: asked to stop.
bool ReplaySource::read_file(std::size_t file, const std::stop_token& stop) {
    auto reader = LetterReader::open(book_.path(file), LetterReader::Hold::ByCaller);
    if (!reader) {
        give_up();
        telemetry::log::error("source_unreadable", "cannot read dead letters again, going on without them",
                              {{"file", book_.path(file).string()}, {"error", reader.error().message}});
        return true;
    }
    while (const auto line = reader->next()) {
        if (book_.way_of(file, line->number) == way_ && !hand_over(file, *line, stop)) return false;
    }
    return true;
}

bool ReplaySource::hand_over(std::size_t file, const LetterReader::Line& line, const std::stop_token& stop) {
    const auto letter = store::parse_letter(line.text);
    if (!letter) return true;  // it was one when the book was opened: changed by hand, so it stays as it is
    if (!book_.begin(way_, stop)) return false;
    const auto settled = [&book = book_, file, number = line.number](const record::Ack& ack) {
        if (ack.records > 0) book.settled(file, number);
    };
    const auto ledger =
        std::make_shared<record::Ledger>(origin_of(*letter), counters_, letter->position, settled);
    record::BlockPtr block = intake_.open_block(ledger->origin(), letter->content.size(), stop);
    if (!block) return false;
    std::memcpy(block->data(), letter->content.data(), letter->content.size());
    block->size = letter->content.size();
    block->records.push_back({.position = letter->position,
                              .begin = 0,
                              .size = static_cast<std::uint32_t>(letter->content.size()),
                              .oversized = letter->true_size});
    block->end_position = letter->position + letter->content.size();
    const auto first_time =
        xdm::parse_date_time(letter->first_time.empty() ? letter->time : letter->first_time);
    if (first_time) block->received_at = *first_time;
    intake_.hand_over(std::move(block), ledger);
    return true;
}

record::OriginPtr ReplaySource::origin_of(const StoredLetter& letter) const {
    auto origin = std::make_shared<record::Origin>();
    origin->source = letter.source;
    origin->stream = letter.stream;
    origin->name = letter.name;
    origin->generation = letter.generation;
    origin->reader = way_;  // one worker for all of them, so that ordered streams keep the letters' order
    origin->is_file = letter.is_file;
    origin->is_peer = !letter.is_file && letter.name != "stdin";
    origin->route = options_.id;
    origin->replay = std::make_shared<record::Replay>(
        record::Replay{.first_time = letter.first_time.empty() ? letter.time : letter.first_time,
                       .replays = letter.replays + 1,
                       .attempts = letter.attempts});
    return origin;
}

}  // namespace aep::app
