#include "pipeline/route.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/host_name.hpp>
#include <utility>

#include "base/bytes.hpp"

namespace aep::pipeline {
namespace {

std::shared_ptr<const record::StreamInfo> make_info(const StreamOptions& options,
                                                    const xdm::MessageRenderer& renderer) {
    auto info = std::make_shared<record::StreamInfo>();
    info->id = options.id;
    info->destination = options.destination;
    info->entity_begin = static_cast<std::uint32_t>(renderer.prefix_size());
    info->entity_end = static_cast<std::uint32_t>(renderer.suffix_size());
    if (options.envelope.format == xdm::StreamFormat::Raw) info->flow_id = options.envelope.flow_id;
    info->ordered = options.order == Order::Source;
    return info;
}

std::string host_name() {
    boost::system::error_code unknown;
    return boost::asio::ip::host_name(unknown);
}

/// Datagrams of many senders have one reader: a letter names the record's own sender.
record::OriginPtr origin_of(const record::Block& block, std::uint32_t index) {
    if (block.peer_indices.empty()) return block.origin;
    auto own = std::make_shared<record::Origin>(*block.origin);
    own->name = block.peer_of(index);
    return own;
}

}  // namespace

StreamLane::StreamLane(const RouteOptions& route, std::uint64_t lane, record::BatchSink& sink,
                       InvalidGuard& invalid_guard, telemetry::Metrics& metrics)
    : options{route.stream},
      renderer{options.envelope, route.proof},
      batcher{make_info(options, renderer), route.batch, lane, sink},
      guard{invalid_guard},
      proof_metrics{options.id, metrics} {}

Route::Route(std::string agent_id, const codec::CodecOptions& codec, StreamLane& lane,
             record::DeadLetterSink& dead_letters, prometheus::Counter& too_large_for_profile)
    : agent_id_{std::move(agent_id)},
      host_{host_name()},
      decoder_{codec},
      lane_{lane},
      dead_letters_{dead_letters},
      too_large_for_profile_{too_large_for_profile},
      profile_limit_{lane.options.envelope.kind == xdm::StreamKind::Profile ? xdm::kProfileDropsProfilesAbove
                                                                            : xdm::kProfileDropsEventsAbove} {
}

void Route::process(record::BlockPtr block) {
    const Context context{
        .block = *block,
        .seed = xdm::make_id_seed(agent_id_, block->origin->source, block->origin->generation),
        .now = base::SteadyClock::now(),
        .wall_now = base::WallClock::now()};
    std::uint32_t& next = block->first;
    bool go_on = !lane_.guard.held();
    while (go_on && next < block->records.size()) {
        go_on = process_record(context, next);
        if (go_on) ++next;
    }
    lane_.guard.count_valid(std::exchange(valid_, 0));
    if (!go_on) lane_.held.push_back(std::move(block));
}

bool Route::process_record(const Context& context, std::uint32_t index) {
    const record::RecordSpan& span = context.block.records[index];
    const std::string_view bytes = context.block.bytes_of(span);
    if (span.oversized != 0) {
        return reject(context, index, "record_too_large",
                      fmt::format("{} is more than max_record allows; only its beginning is kept here",
                                  base::human_bytes(span.oversized)));
    }
    const simdjson::dom::element* value = decoder_.decode(bytes);
    if (value == nullptr) {
        codec::DecodeFailure failure = decoder_.explain(bytes);
        return reject(context, index, std::string{failure.code}, std::move(failure.reason));
    }
    xdm::MessageRenderer& renderer = lane_.renderer;
    const xdm::RecordPlace place{
        .seed = context.seed, .meta = meta_of(context.block, index), .now = context.wall_now};
    if (!renderer.prepare(*value, bytes, place)) {
        const xdm::Rejection& why = renderer.rejection();
        return reject(context, index, std::string{why.code}, why.reason(), why.violations);
    }
    count_proof();
    const std::size_t size = renderer.size();
    if (!Batcher::fits_alone(size)) {
        return reject(context, index, "message_too_large",
                      fmt::format("the message would be {} bytes, AEP refuses requests above {}", size,
                                  kMaxRequestBytes));
    }
    if (renderer.entity_size() > profile_limit_) too_large_for_profile_.Increment();
    renderer.write(lane_.batcher.reserve(context.block, size, context.now));
    lane_.batcher.append(context.block, size, index);
    ++valid_;
    return true;
}

base::RecordMeta Route::meta_of(const record::Block& block, std::uint32_t index) const {
    const record::Origin& origin = *block.origin;
    return {.source = origin.source,
            .host = host_,
            .file = origin.is_file ? origin.name : std::string_view{},
            .peer = block.peer_of(index),
            .offset = block.records[index].position,
            .received_at = block.received_at};
}

void Route::count_proof() {
    const xdm::MessageRenderer& renderer = lane_.renderer;
    if (renderer.repairs().any()) lane_.proof_metrics.count_repairs(renderer.repairs());
    // `validate: warn`
    if (!renderer.tolerated().empty()) lane_.proof_metrics.count_tolerated(renderer.tolerated());
}

bool Route::reject(const Context& context, std::uint32_t index, std::string code, std::string reason,
                   std::span<const xdm::Violation> violations) {
    lane_.guard.count_valid(std::exchange(valid_, 0));
    if (!lane_.guard.admit_invalid(violations.empty() ? code : reason_without_contents(violations.front())))
        return false;
    lane_.proof_metrics.count_violations(violations);
    if (lane_.options.on_invalid == OnInvalid::Drop) {
        context.block.ticket.settle(index, 1, record::Outcome::Dropped);
    } else {
        dead_letter(context, index, std::move(code), std::move(reason), violations);
    }
    return true;
}

void Route::dead_letter(const Context& context, std::uint32_t index, std::string code, std::string reason,
                        std::span<const xdm::Violation> violations) {
    const record::Block& block = context.block;
    const record::RecordSpan& span = block.records[index];
    record::DeadLetter letter;
    letter.code = std::move(code);
    letter.reason = std::move(reason);
    for (const xdm::Violation& violation : violations) {
        letter.errors.push_back({std::string{violation.keyword}, violation.pointer, violation.message});
    }
    letter.stream = lane_.options.id;
    letter.origin = origin_of(block, index);
    letter.position = span.position;
    letter.form = record::DeadLetter::Form::Record;
    letter.content = block.bytes_of(span);
    letter.true_size = span.oversized;
    letter.time = base::WallClock::now();
    letter.ticket = block.ticket;
    letter.record = index;
    letter.lease = block.lease.reopen();
    letter.lease.resize(letter.content.size());
    dead_letters_.put(std::move(letter));
}

}  // namespace aep::pipeline
