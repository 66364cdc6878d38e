#include "source/readers.hpp"

#include <algorithm>

namespace aep::source {

void Readers::add(std::shared_ptr<ReaderState> reader) {
    const std::lock_guard lock{mutex_};
    readers_.push_back(std::move(reader));
}

void Readers::set_ledger(ReaderState& reader, std::shared_ptr<record::Ledger> ledger) {
    const std::lock_guard lock{mutex_};
    reader.ledger.swap(ledger);
}

std::vector<Source::Progress> Readers::progress() const {
    const std::lock_guard lock{mutex_};
    std::vector<Source::Progress> all;
    all.reserve(readers_.size());
    for (const auto& reader : readers_) {
        const std::uint64_t read = reader->read;
        all.push_back({.read = read,
                       .settled = reader->ledger ? reader->ledger->position() : read,
                       .size = reader->size});
    }
    return all;
}

std::optional<base::SteadyTime> Readers::oldest_unsettled() const {
    const std::lock_guard lock{mutex_};
    std::optional<base::SteadyTime> oldest;
    for (const auto& reader : readers_) {
        if (!reader->ledger) continue;
        const std::optional<base::SteadyTime> own = reader->ledger->oldest_unsettled();
        if (own && (!oldest || *own < *oldest)) oldest = own;
    }
    return oldest;
}

void Readers::prune() {
    if (keep_closed_) return;
    const std::lock_guard lock{mutex_};
    readers_.remove_if([](const auto& reader) {
        return reader->closed && (!reader->ledger || reader->ledger->in_flight() == 0);
    });
}

}  // namespace aep::source
