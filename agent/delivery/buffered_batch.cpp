#include "delivery/buffered_batch.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "store/durable_file.hpp"

namespace aep::delivery {
namespace {

record::BatchPtr make_batch(const store::BatchHead& head, const std::string& destination,
                            record::MemoryShare& memory) {
    auto stream = std::make_shared<record::StreamInfo>(head.stream);
    stream->destination = destination;
    std::vector<record::Message> messages;
    messages.reserve(head.messages.size());
    for (const store::StoredMessage& message : head.messages) {
        messages.push_back({.begin = message.begin, .size = message.size});
    }
    auto batch = record::Batch::sealed(std::move(stream), memory.open(), head.body_size, std::move(messages));
    // Where the clock was set back meanwhile, it has not been read in the future.
    const auto age = std::max(base::WallClock::now() - head.oldest_read, base::WallClock::duration::zero());
    batch->oldest_read =
        base::SteadyClock::now() - std::chrono::duration_cast<base::SteadyClock::duration>(age);
    batch->opened_at = batch->oldest_read;
    return batch;
}

}  // namespace

BufferedBatch BufferedBatch::read(std::uint64_t number, std::string_view value,
                                  const std::string& destination, record::MemoryShare& memory) {
    BufferedBatch result;
    result.number = number;
    result.bytes = value.size();
    auto head = store::decode_head(value);
    if (head) {
        result.head = std::move(*head);
        result.batch = make_batch(*result.head, destination, memory);
        const auto body = store::decode_body(value, *result.head, result.batch->body_bytes());
        if (!body) result.damage = body.error().message;
    } else {
        result.damage = head.error().message;
    }
    if (!result.damage.empty()) {
        result.batch.reset();
        result.raw = value;
    }
    return result;
}

void attach_ledgers(record::Batch& batch, const store::BatchHead& head, const CountersOf& counters_of,
                    const record::Ledger::OnAck& on_ack) {
    std::vector<std::vector<record::Kept>> kept(head.origins.size());
    for (std::size_t i = 0; i < head.messages.size(); ++i) {
        const store::StoredMessage& stored = head.messages[i];
        batch.messages[i].ticket = stored.origin;
        batch.messages[i].record = static_cast<std::uint32_t>(kept[stored.origin].size());
        kept[stored.origin].push_back(stored.kept);
    }
    batch.tickets.clear();
    for (std::size_t i = 0; i < head.origins.size(); ++i) {
        auto ledger = std::make_shared<record::Ledger>(head.origins[i], counters_of(head.origins[i]->source),
                                                       0, on_ack);
        const std::uint64_t block = ledger->reopen_block(kept[i]);
        batch.tickets.push_back({.ledger = std::move(ledger), .block = block});
    }
    // Workers and readers of the run that made it are no lanes any more: the stream is one.
    const std::uint64_t lane = std::hash<std::string>{}(head.stream.id) | 1U;
    batch.lane = head.stream.ordered ? lane : 0;
}

base::Result<std::filesystem::path> keep_aside(const std::filesystem::path& directory,
                                               const std::string& destination, const BufferedBatch& batch) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return base::system_error("cannot make " + directory.string(), errno);
    }
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(base::WallClock::now().time_since_epoch());
    std::filesystem::path file =
        directory / fmt::format("{}-{}-{}.batch", destination, batch.number, now.count());
    if (auto written = store::write_durably(file, batch.raw); !written) return written.error();
    return base::ok(std::move(file));
}

}  // namespace aep::delivery
