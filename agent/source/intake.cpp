#include "source/intake.hpp"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "source/framer.hpp"
#include "source/trace.hpp"

namespace aep::source {
namespace {

constexpr std::chrono::milliseconds kCrowdLook{500};

}  // namespace

std::uint64_t Intake::new_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

Intake::Intake(const SourceOptions& options, const Surroundings& surroundings)
    : options_{options},
      surroundings_{surroundings},
      way_{std::make_shared<Way>(Way{.outlet = surroundings.outlet, .replaced = {}})} {}

void Intake::redirect(Outlet outlet) {
    auto next = std::make_shared<Way>(Way{.outlet = std::move(outlet), .replaced = {}});
    std::shared_ptr<Way> before;
    {
        const std::lock_guard lock{mutex_};
        before = std::exchange(way_, std::move(next));
    }
    before->replaced.request_stop();
}

std::shared_ptr<Intake::Way> Intake::way() const {
    const std::lock_guard lock{mutex_};
    return way_;
}

std::shared_ptr<record::Ledger> Intake::open_file(std::string name, std::string generation,
                                                  std::uint64_t number, std::uint64_t position) const {
    record::Origin origin;
    origin.name = std::move(name);
    origin.generation = std::move(generation);
    origin.reader = number;
    origin.is_file = true;
    return open_ledger(std::move(origin), position);
}

std::shared_ptr<record::Ledger> Intake::open_stream(std::string name, bool is_peer) const {
    record::Origin origin;
    origin.name = std::move(name);
    origin.generation = base::random_hex128();
    origin.reader = new_number();
    origin.is_peer = is_peer;
    return open_ledger(std::move(origin), 0);
}

std::shared_ptr<record::Ledger> Intake::open_ledger(record::Origin origin, std::uint64_t position) const {
    origin.source = options_.id;
    origin.stream = options_.stream;
    return std::make_shared<record::Ledger>(std::make_shared<const record::Origin>(std::move(origin)),
                                            surroundings_.counters, position, surroundings_.on_ack);
}

std::size_t Intake::block_bytes() const {
    return std::min(kBlockTarget, round_up_to_page(record_size_ * Framer::kMaxRecords));
}

record::BlockPtr Intake::open_block(const record::OriginPtr& origin, std::size_t capacity,
                                    const std::stop_token& stop) const {
    record::Lease lease = admit(capacity, stop);
    if (lease.share() == nullptr) return nullptr;
    return open_admitted(origin, capacity, std::move(lease));
}

record::BlockPtr Intake::open_block_at_once(const record::OriginPtr& origin, std::size_t capacity) const {
    return open_admitted(origin, capacity, way()->outlet.memory->open());
}

record::Lease Intake::admit(std::size_t capacity, const std::stop_token& stop) const {
    for (;;) {
        const std::shared_ptr<Way> through = way();
        const Outlet& outlet = through->outlet;
        record::Lease lease;
        if (!outlet.hold || !outlet.hold->held()) {
            lease = outlet.memory->try_take(as_messages(outlet, capacity));
        }
        if (lease.share() == nullptr) lease = wait_for(*through, capacity, stop);
        if (lease.share() != nullptr || stop.stop_requested()) return lease;
        if (relieve_ && outlet.memory->crowded()) relieve_();
    }
}

/// Until there is memory, the source is asked to stop, its records are to go another way, or it is time to
/// look whether there ever will be memory.
record::Lease Intake::wait_for(const Way& way, std::size_t capacity, const std::stop_token& stop) const {
    std::stop_source either;
    const std::stop_callback on_stop{stop, [&either] { either.request_stop(); }};
    const std::stop_callback on_redirect{way.replaced.get_token(), [&either] { either.request_stop(); }};
    const std::stop_token ended = either.get_token();
    if (way.outlet.hold && !way.outlet.hold->may_read(ended)) return {};
    const std::size_t bytes = as_messages(way.outlet, capacity);
    return relieve_ ? way.outlet.memory->take_within(bytes, kCrowdLook, ended)
                    : way.outlet.memory->take(bytes, ended);
}

std::size_t Intake::as_messages(const Outlet& outlet, std::size_t capacity) const {
    return capacity + expected_records(capacity) * outlet.message_overhead;
}

record::BlockPtr Intake::open_admitted(const record::OriginPtr& origin, std::size_t capacity,
                                       record::Lease lease) const {
    lease.resize(as_messages(way()->outlet, capacity));
    auto block = std::make_unique<record::Block>(origin, capacity, std::move(lease));
    block->records.reserve(expected_records(capacity));
    return block;
}

std::size_t Intake::expected_records(std::size_t capacity) const {
    return std::min(capacity / record_size_ + 1, Framer::kMaxRecords);
}

void Intake::hand_over(record::BlockPtr block, const std::shared_ptr<record::Ledger>& ledger) {
    if (block->records.empty()) {
        ledger->skip_to(block->end_position);
        return;
    }
    const std::size_t count = block->records.size();
    std::size_t bytes = 0;
    std::vector<std::uint64_t> starts;
    std::vector<record::Tail> tails;
    starts.reserve(count);
    tails.reserve(block->origin->is_file ? count : 0);
    for (const record::RecordSpan& span : block->records) {
        starts.push_back(span.position);
        bytes += span.size;
        if (block->origin->is_file) tails.push_back(tail_of(*block, span));
    }
    record_size_ = std::max<std::size_t>(1, (3 * record_size_ + bytes / count + 1) / 4);
    block->read_at = base::SteadyClock::now();
    const base::WallTime now = base::WallClock::now();
    if (block->received_at == base::WallTime{}) block->received_at = now;
    last_record_ = now;
    block->lease.resize(std::max(block->capacity(), block->size + count * way()->outlet.message_overhead));
    block->ticket = {.ledger = ledger, .block = ledger->open_block(starts, block->end_position, tails)};
    surroundings_.sink.push(std::move(block));
}

std::optional<base::WallTime> Intake::last_record() const {
    const base::WallTime last = last_record_;
    if (last == base::WallTime{}) return std::nullopt;
    return last;
}

}  // namespace aep::source
