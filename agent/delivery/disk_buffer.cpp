#include "delivery/disk_buffer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "delivery/buffered_batch.hpp"
#include "store/batch_table.hpp"
#include "store/stored_batch.hpp"
#include "telemetry/log.hpp"

namespace aep::delivery {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;
using store::BatchHead;

/// So much of what waits goes into one commit, which holds it twice while it runs.
constexpr std::size_t kMostPerCommit = std::size_t{2} << 20U;
/// From so much on a commit does not wait for its time: sources need the memory.
constexpr std::size_t kHurry = std::size_t{1} << 20U;
constexpr std::chrono::milliseconds kReadRetry = 1s;
/// So many heads of batches are looked at before their pages are let go.
constexpr std::size_t kRecoverAtOnce = 16;

}  // namespace

struct DiskBuffer::Impl final : store::Committed {
    Impl(const DestinationOptions& options, const Surroundings& given)
        : destination{options.id},
          buffer{options.buffer},
          window_batches{options.connections + 2},
          surroundings{given},
          bytes_gauge{given.metrics.gauge("aep_agent_buffer_bytes", "Bytes of batches in the disk buffer.",
                                          {{"destination", options.id}})},
          damaged{given.metrics.counter("aep_agent_buffer_damaged_total",
                                        "Batches of the disk buffer that were damaged and are kept aside.",
                                        {{"destination", options.id}})} {}

    /// Being stored: in every transaction until one commits.
    struct Storing {
        Storing(std::uint64_t its_number, record::BatchPtr owned, const std::vector<record::Kept>& kept,
                bool compress)
            : number{its_number}, batch{std::move(owned)}, encoded{*batch, kept, compress} {}
        std::uint64_t number;
        record::BatchPtr batch;
        store::EncodedBatch encoded;
    };
    /// On disk.
    struct Stored {
        std::uint64_t bytes = 0;
        std::vector<std::pair<std::string, std::uint64_t>> records = {};  ///< by source
        std::size_t memory = 0;  ///< what its batch takes while it is in the window
    };
    struct Window {
        std::map<std::uint64_t, Stored> batches;  ///< with the destination, by number
        std::size_t memory = 0;
    };

    base::Result<void> recover();
    base::Result<std::size_t> recover_some(std::uint64_t first);
    base::Result<void> write(store::Transaction& transaction) override;
    base::Result<void> release(store::Transaction& transaction) override;
    void committed() override;
    void prepare() noexcept;
    [[nodiscard]] record::BatchPtr next_waiting();
    void drop(const record::Batch& batch);
    void report_full(bool is_full);
    [[nodiscard]] bool has_room() const;
    [[nodiscard]] bool may_feed() const;
    void feed(const std::stop_token& stop);
    [[nodiscard]] base::Result<std::optional<BufferedBatch>> read_next(std::uint64_t from);
    void take_out(base::Result<std::optional<BufferedBatch>> read, std::unique_lock<std::mutex>& lock);
    void send(record::BatchPtr batch, const BatchHead& head, std::uint64_t number);
    void set_aside(const BufferedBatch& batch);
    void settled(std::uint64_t number);
    void count(const Stored& stored, bool added);
    [[nodiscard]] Stored stored_of(const BatchHead& head, std::uint64_t bytes) const;

    const std::string destination;
    const BufferOptions buffer;
    const std::size_t window_batches;
    const Surroundings surroundings;
    prometheus::Gauge& bytes_gauge;
    prometheus::Counter& damaged;
    record::BatchSink* sink = nullptr;

    mutable std::mutex mutex;
    std::condition_variable_any changed;
    std::deque<record::BatchPtr> waiting;  ///< submitted, in no transaction yet
    std::size_t waiting_bytes = 0;
    std::size_t unstored = 0;      ///< batches submitted and neither on disk nor dropped
    std::uint64_t bytes = 0;       ///< on disk
    std::uint64_t next_read = 1;   ///< the next to be sent; what is before it was sent or is in the window
    std::uint64_t stored_end = 1;  ///< one behind the newest on disk
    bool reading = false;
    bool stopped = true;
    Window window;
    std::vector<std::pair<std::uint64_t, Stored>> done;  ///< every message has met its fate
    std::map<std::string, std::uint64_t> records;        ///< on disk and not settled, by source

    // Confined to the committing thread.
    std::deque<Storing> storing;
    std::uint64_t storing_bytes = 0;
    std::vector<std::pair<std::uint64_t, Stored>> removing;
    std::uint64_t next_number = 1;
    bool full = false;

    std::jthread feeder;
};

/// What an earlier run left behind.
base::Result<void> DiskBuffer::Impl::recover() {
    std::uint64_t batches = 0;
    for (std::uint64_t next = 0;;) {
        const auto recovered = recover_some(next);
        if (!recovered) return recovered.error();
        // For each head that is read the system maps the pages around it as well.
        surroundings.store.environment().let_go_of_pages();
        batches += *recovered;
        if (*recovered < kRecoverAtOnce) break;
        next = stored_end;
    }
    next_number = stored_end;
    if (batches == 0) next_read = stored_end;
    if (batches > 0) {
        log::info("buffer_recovered", "batches of an earlier run wait in the disk buffer",
                  {{"destination", destination}, {"batches", batches}, {"bytes", bytes}});
    }
    return {};
}

/// The next batches from number `first` on; how many there were.
base::Result<std::size_t> DiskBuffer::Impl::recover_some(std::uint64_t first) {
    std::size_t batches = 0;
    auto transaction = surroundings.store.environment().begin_read();
    if (!transaction) return transaction.error();
    const auto visited = store::visit_batches(
        *transaction, destination, first, [&](std::uint64_t number, std::string_view value) {
            if (first == 0 && batches == 0) next_read = number;
            stored_end = number + 1;
            // A damaged one is met again, and set aside, when its turn comes.
            const auto head = store::decode_head(value);
            Stored stored = head ? stored_of(*head, value.size()) : Stored{.bytes = value.size()};
            for (const auto& [source, count] : stored.records) {
                surroundings.counters_of(source).count_recovered(count);
            }
            count(stored, true);
            return ++batches < kRecoverAtOnce;
        });
    if (!visited) return visited.error();
    return base::ok(batches);
}

DiskBuffer::Impl::Stored DiskBuffer::Impl::stored_of(const BatchHead& head, std::uint64_t size) const {
    Stored stored{.bytes = size};
    for (std::uint32_t i = 0; i < head.origins.size(); ++i) {
        const std::uint64_t records_here = head.records_of(i);
        if (records_here > 0) stored.records.emplace_back(head.origins[i]->source, records_here);
    }
    return stored;
}

void DiskBuffer::Impl::count(const Stored& stored, bool added) {
    bytes = added ? bytes + stored.bytes : bytes - stored.bytes;
    if (added) {
        for (const auto& [source, number] : stored.records) records[source] += number;
    }
    bytes_gauge.Set(static_cast<double>(bytes));
}

// ---- into the store: on the committing thread

base::Result<void> DiskBuffer::Impl::write(store::Transaction& transaction) {
    prepare();
    if (auto released = release(transaction); !released) return released;
    for (const Storing& one : storing) {
        const auto place = store::reserve_batch(transaction, destination, one.number, one.encoded.size());
        if (!place) return place.error();
        one.encoded.write_to(*place);
    }
    return {};
}

base::Result<void> DiskBuffer::Impl::release(store::Transaction& transaction) {
    for (const auto& [number, stored] : removing) {
        if (auto removed = store::remove_batch(transaction, destination, number); !removed) return removed;
    }
    return {};
}

/// Chooses what goes into this commit. What is chosen is kept in its Ledgers at once, and so has to be in the
/// same transaction as the positions that this moves, however often that is tried. An exception (out of
/// memory) between the two must end the process: what was committed before is still right.
void DiskBuffer::Impl::prepare() noexcept {
    {
        const std::lock_guard lock{mutex};
        removing.insert(removing.end(), std::make_move_iterator(done.begin()),
                        std::make_move_iterator(done.end()));
        done.clear();
    }
    // What could not be committed is tried again as it is: more would need even more room.
    if (!storing.empty()) return;
    while (record::BatchPtr batch = next_waiting()) {
        std::vector<record::Kept> kept;
        batch->keep_all(kept);
        storing.emplace_back(next_number++, std::move(batch), kept,
                             buffer.compression == BufferOptions::Compression::Zstd);
        storing_bytes += storing.back().encoded.size();
    }
}

/// The next batch that fits; what is dropped because the buffer is full is dropped here.
record::BatchPtr DiskBuffer::Impl::next_waiting() {
    if (storing_bytes >= kMostPerCommit) return nullptr;
    std::vector<record::BatchPtr> dropped;
    record::BatchPtr next;
    bool is_full = false;
    {
        const std::lock_guard lock{mutex};
        while (!waiting.empty() && !next) {
            record::BatchPtr& first = waiting.front();
            is_full = bytes + storing_bytes + store::most_bytes(*first) > buffer.max_bytes;
            if (is_full && buffer.when_full == BufferOptions::WhenFull::Block) break;
            waiting_bytes -= first->body().size();
            (is_full ? dropped.emplace_back() : next) = std::move(first);
            waiting.pop_front();
            if (is_full) --unstored;
        }
    }
    for (const record::BatchPtr& batch : dropped) drop(*batch);
    if (is_full || next) report_full(is_full);
    return next;
}

void DiskBuffer::Impl::drop(const record::Batch& batch) {
    log::error("buffer_dropped",
               "the disk buffer is full: messages are dropped, as `when_full: drop_newest` asks",
               {{"destination", destination}, {"messages", batch.messages.size()}});
    batch.settle_all(record::Outcome::Dropped);
}

/// Once per change.
void DiskBuffer::Impl::report_full(bool is_full) {
    if (is_full == full) return;
    full = is_full;
    const std::string subject = "buffer of " + destination;
    if (!full) {
        surroundings.health.clear_trouble(subject);
        log::info("buffer_has_room", "the disk buffer takes batches again", {{"destination", destination}});
        return;
    }
    const bool blocks = buffer.when_full == BufferOptions::WhenFull::Block;
    surroundings.health.set_trouble(subject, "full");
    log::error("buffer_full",
               blocks ? "the disk buffer has reached max_bytes: its sources wait"
                      : "the disk buffer has reached max_bytes: new batches are dropped",
               {{"destination", destination}, {"max_bytes", buffer.max_bytes}});
}

void DiskBuffer::Impl::committed() {
    std::vector<std::pair<record::BatchPtr, const Storing*>> to_send;
    {
        const std::lock_guard lock{mutex};
        for (const auto& [number, stored] : removing) count(stored, false);
        for (Storing& one : storing) {
            Stored stored = stored_of(one.encoded.head(), one.encoded.size());
            count(stored, true);
            // The destination keeps up: there is no need to read back what is still here.
            if (!reading && may_feed() && next_read == one.number) {
                next_read = one.number + 1;
                stored.memory = one.batch->lease.bytes();
                window.memory += stored.memory;
                window.batches.emplace(one.number, std::move(stored));
                to_send.emplace_back(std::move(one.batch), &one);
            }
            stored_end = one.number + 1;
        }
        unstored -= storing.size();
        // Where it was full, what was removed may have made room.
        if (!waiting.empty() && (!full || !removing.empty())) surroundings.store.notice(true);
    }
    for (auto& [batch, one] : to_send) send(std::move(batch), one->encoded.head(), one->number);
    removing.clear();
    storing.clear();
    storing_bytes = 0;
    changed.notify_all();
}

// ---- out of the store

bool DiskBuffer::Impl::has_room() const {
    return window.batches.empty() ||
           (window.batches.size() < window_batches && window.memory < surroundings.window_bytes);
}

bool DiskBuffer::Impl::may_feed() const {
    return !stopped && has_room();
}

/// The feeder's thread: reads back what the destination is ready to take.
void DiskBuffer::Impl::feed(const std::stop_token& stop) {
    std::unique_lock lock{mutex};
    while (!stop.stop_requested()) {
        changed.wait(lock, stop, [this] { return may_feed() && next_read < stored_end; });
        if (stop.stop_requested()) return;
        reading = true;
        const std::uint64_t from = next_read;
        lock.unlock();
        auto read = read_next(from);
        lock.lock();
        reading = false;
        if (!read) {
            log::error("buffer_unreadable", "cannot read the disk buffer, trying again",
                       {{"destination", destination}, {"reason", read.error().message}});
            changed.wait_for(lock, stop, kReadRetry, [] { return false; });
            continue;
        }
        take_out(std::move(read), lock);
    }
}

base::Result<std::optional<BufferedBatch>> DiskBuffer::Impl::read_next(std::uint64_t from) {
    auto transaction = surroundings.store.environment().begin_read();
    if (!transaction) return transaction.error();
    std::optional<BufferedBatch> found;
    const auto visited = store::visit_batches(
        *transaction, destination, from, [&](std::uint64_t number, std::string_view value) {
            found.emplace(BufferedBatch::read(number, value, destination, surroundings.memory));
            return false;
        });
    surroundings.store.environment().let_go_of_pages();
    if (!visited) return visited.error();
    return base::ok(std::move(found));
}

void DiskBuffer::Impl::take_out(base::Result<std::optional<BufferedBatch>> read,
                                std::unique_lock<std::mutex>& lock) {
    if (!*read) {
        next_read = stored_end;
        return;
    }
    BufferedBatch& batch = **read;
    next_read = batch.number + 1;
    Stored stored = batch.head ? stored_of(*batch.head, batch.bytes) : Stored{.bytes = batch.bytes};
    stored.memory = batch.batch ? batch.batch->lease.bytes() : 0;
    window.memory += stored.memory;
    window.batches.emplace(batch.number, std::move(stored));
    lock.unlock();
    if (batch.batch) {
        send(std::move(batch.batch), *batch.head, batch.number);
    } else {
        set_aside(batch);
    }
    lock.lock();
}

/// Gives the batch Ledgers of its own, which know when all of its records are settled.
void DiskBuffer::Impl::send(record::BatchPtr batch, const BatchHead& head, std::uint64_t number) {
    const auto left = std::make_shared<std::atomic<std::uint64_t>>(head.messages.size());
    attach_ledgers(*batch, head, surroundings.counters_of, [this, number, left](const record::Ack& ack) {
        // Each message is a record of its own here.
        if (ack.records == 0) return;
        {
            const std::lock_guard lock{mutex};
            std::uint64_t& unsettled = records[ack.origin->source];
            unsettled -= std::min(unsettled, ack.records);
        }
        if (left->fetch_sub(ack.records) == ack.records) settled(number);
    });
    sink->submit(std::move(batch));
}

void DiskBuffer::Impl::set_aside(const BufferedBatch& batch) {
    const auto file = keep_aside(surroundings.quarantine, destination, batch);
    if (!file) {
        log::error("buffer_quarantine_failed",
                   "a damaged batch cannot be set aside; it stays in the disk buffer until the next start",
                   {{"destination", destination}, {"batch", batch.number}, {"reason", file.error().message}});
        const std::lock_guard lock{mutex};
        window.batches.erase(batch.number);
        return;
    }
    damaged.Increment();
    std::uint64_t lost = 0;
    {
        const std::lock_guard lock{mutex};
        for (const auto& [source, number] : window.batches.at(batch.number).records) {
            surroundings.counters_of(source).count_settled(0, 0, number);
            records[source] -= std::min(records[source], number);
            lost += number;
        }
    }
    log::error("buffer_damaged",
               "a batch in the disk buffer is damaged: it is kept aside and its records count as dropped",
               {{"destination", destination},
                {"batch", batch.number},
                {"records", batch.head ? std::to_string(lost) : "unknown"},
                {"reason", batch.damage},
                {"file", file->string()}});
    settled(batch.number);
}

void DiskBuffer::Impl::settled(std::uint64_t number) {
    {
        const std::lock_guard lock{mutex};
        auto found = window.batches.extract(number);
        window.memory -= found.mapped().memory;
        done.emplace_back(number, std::move(found.mapped()));
    }
    changed.notify_all();
    surroundings.store.notice(false);
}

// ----

DiskBuffer::DiskBuffer(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

DiskBuffer::~DiskBuffer() {
    stop();
}

base::Result<std::unique_ptr<DiskBuffer>> DiskBuffer::open(const DestinationOptions& options,
                                                           const Surroundings& surroundings) {
    auto impl = std::make_unique<Impl>(options, surroundings);
    if (auto recovered = impl->recover(); !recovered) return recovered.error();
    surroundings.store.add(*impl);
    return std::unique_ptr<DiskBuffer>{new DiskBuffer{std::move(impl)}};
}

void DiskBuffer::start(record::BatchSink& destination) {
    const std::lock_guard lock{impl_->mutex};
    impl_->sink = &destination;
    impl_->stopped = false;
    impl_->feeder = std::jthread{[impl = impl_.get()](const std::stop_token& stop) { impl->feed(stop); }};
}

void DiskBuffer::stop() {
    {
        const std::lock_guard lock{impl_->mutex};
        impl_->stopped = true;
    }
    impl_->feeder.request_stop();
    if (impl_->feeder.joinable()) impl_->feeder.join();
    impl_->changed.notify_all();
}

void DiskBuffer::leave() {
    impl_->surroundings.store.remove(*impl_);
    impl_->bytes_gauge.Set(0);
    impl_->surroundings.health.clear_trouble("buffer of " + impl_->destination);
}

void DiskBuffer::submit(record::BatchPtr batch) {
    bool hurry = false;
    {
        const std::lock_guard lock{impl_->mutex};
        ++impl_->unstored;
        impl_->waiting_bytes += batch->body().size();
        impl_->waiting.push_back(std::move(batch));
        hurry = impl_->waiting_bytes >= kHurry;
    }
    impl_->surroundings.store.notice(hurry);
}

bool DiskBuffer::drain(std::chrono::milliseconds timeout) {
    const auto deadline = base::SteadyClock::now() + timeout;
    if (!impl_->surroundings.store.flush(timeout)) return false;
    std::unique_lock lock{impl_->mutex};
    return impl_->changed.wait_until(lock, deadline, [this] {
        const bool sent =
            impl_->stopped || (impl_->next_read == impl_->stored_end && impl_->window.batches.empty());
        return impl_->unstored == 0 && sent;
    });
}

std::uint64_t DiskBuffer::records_of(const std::string& source) const {
    const std::lock_guard lock{impl_->mutex};
    const auto found = impl_->records.find(source);
    return found == impl_->records.end() ? 0 : found->second;
}

std::size_t DiskBuffer::unstored() const {
    const std::lock_guard lock{impl_->mutex};
    return impl_->unstored;
}

std::map<std::string, std::uint64_t> DiskBuffer::records() const {
    const std::lock_guard lock{impl_->mutex};
    return impl_->records;
}

}  // namespace aep::delivery
