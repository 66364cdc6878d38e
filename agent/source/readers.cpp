#include "source/readers.hpp"

#include <algorithm>

namespace aep::source {

void Readers::add(std::shared_ptr<ReaderState> reader) {
    const std::lock_guard lock{mutex_};
    readers_.push_back(std::move(reader));
}

std::vector<Source::Progress> Readers::progress() const {
    const std::lock_guard lock{mutex_};
    std::vector<Source::Progress> all;
    all.reserve(readers_.size());
    for (const auto& reader : readers_) {
        all.push_back({.name = reader->name,
                       .read = reader->read,
                       .settled = reader->ledger->position(),
                       .size = reader->size});
    }
    return all;
}

std::optional<base::SteadyTime> Readers::oldest_unsettled() const {
    const std::lock_guard lock{mutex_};
    std::optional<base::SteadyTime> oldest;
    for (const auto& reader : readers_) {
        const std::optional<base::SteadyTime> own = reader->ledger->oldest_unsettled();
        if (own && (!oldest || *own < *oldest)) oldest = own;
    }
    return oldest;
}

void Readers::prune() {
    if (keep_closed_) return;
    const std::lock_guard lock{mutex_};
    readers_.remove_if([](const auto& reader) { return reader->closed && reader->ledger->in_flight() == 0; });
}

}  // namespace aep::source
