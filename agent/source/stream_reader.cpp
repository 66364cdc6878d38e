#include "source/stream_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace aep::source {

StreamReader::StreamReader(const SourceOptions& options, Intake& intake, std::shared_ptr<ReaderState> state)
    : intake_{intake},
      framer_{options.framing, options.max_record, 0},
      state_{std::move(state)},
      carry_lease_{intake.open_lease()} {}

StreamReader::Outcome StreamReader::read(std::size_t wanted, const Read& read, const std::stop_token& stop) {
    if (carry_.size() > kCopiedCarry && wanted < carry_.size()) return extend_carry(wanted, read, stop);
    return read_block(wanted, read, stop);
}

StreamReader::Outcome StreamReader::read_block(std::size_t wanted, const Read& read,
                                               const std::stop_token& stop) {
    const std::size_t capacity = round_up_to_page(carry_.size() + wanted) + framer_.tail_room();
    record::BlockPtr block = intake_.open_block(state_->ledger->origin(), capacity, stop);
    if (!block) return Outcome::Stop;
    std::size_t got = 0;
    const Outcome outcome = read(block->data() + carry_.size(), wanted, got);
    if (outcome != Outcome::Data) return outcome;
    std::memcpy(block->data(), carry_.data(), carry_.size());
    block->size = carry_.size() + got;
    cut(std::move(block), false);
    return Outcome::Data;
}

/// A long record that arrives in small pieces: each is looked at once and copied once.
StreamReader::Outcome StreamReader::extend_carry(std::size_t wanted, const Read& read,
                                                 const std::stop_token& stop) {
    const std::size_t before = carry_.size();
    carry_.resize(before + wanted);
    carry_lease_.resize(carry_.capacity());
    std::size_t got = 0;
    const Outcome outcome = read(carry_.data() + before, wanted, got);
    carry_.resize(before + got);
    if (outcome != Outcome::Data) return outcome;
    const bool goes_on = framer_.absorb(std::string_view{carry_}.substr(before));
    return goes_on || cut_held(false, stop) ? Outcome::Data : Outcome::Stop;
}

bool StreamReader::cut_held(bool last, const std::stop_token& stop) {
    record::BlockPtr block = intake_.open_block(state_->ledger->origin(), held_capacity(), stop);
    if (!block) return false;
    cut_into(std::move(block), last);
    return true;
}

void StreamReader::cut_at_once(bool last) {
    while (framer_.more() || (last && holds_last())) {
        cut_into(intake_.open_block_at_once(state_->ledger->origin(), held_capacity()), last);
    }
}

bool StreamReader::finish(const std::stop_token& stop) {
    while (framer_.more() || holds_last()) {
        if (!cut_held(true, stop)) return false;
    }
    return true;
}

std::size_t StreamReader::held_capacity() const {
    return round_up_to_page(carry_.size()) + framer_.tail_room();
}

/// What is unfinished is a record where the input ends.
bool StreamReader::holds_last() const {
    return framer_.unfinished() && framer_.end_completes();
}

void StreamReader::cut_into(record::BlockPtr block, bool last) {
    std::memcpy(block->data(), carry_.data(), carry_.size());
    block->size = carry_.size();
    cut(std::move(block), last);
}

void StreamReader::cut(record::BlockPtr block, bool last) {
    const std::uint64_t begin = framer_.resume_at();
    const std::string_view bytes{block->data(), block->size};
    framer_.cut(*block, last);
    const auto consumed = static_cast<std::size_t>(framer_.resume_at() - begin);
    keep(bytes.substr(consumed));
    state_->read = block->end_position;
    intake_.hand_over(std::move(block), state_->ledger);
}

void StreamReader::keep(std::string_view rest) {
    // A new string, because an assigned one would keep the room of the longest record.
    std::string{rest}.swap(carry_);
    carry_lease_.resize(carry_.empty() ? 0 : carry_.capacity());
}

}  // namespace aep::source
