#include "pipeline/worker.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <utility>

namespace aep::pipeline {
namespace {

/// A worker with nothing open still looks around this often.
constexpr std::chrono::seconds kIdleWait{1};

/// 0 means "no lane". After a reload the lane of a stream has the same number, so that what was sealed before
/// goes before. Where two streams have the same, they only wait for each other.
std::uint64_t lane_number(std::size_t worker, const std::string& stream) {
    const auto hash = static_cast<std::uint32_t>(std::hash<std::string>{}(stream));
    return (std::uint64_t{worker + 1} << 32U) + hash;
}

/// The route as its records need it.
RouteOptions adjusted(RouteOptions route) {
    if (route.entities) {
        route.stream.envelope.id.from = xdm::IdOptions::From::Keep;
        route.stream.envelope.timestamp.from = xdm::TimestampOptions::From::None;
    }
    return route;
}

}  // namespace

Worker::Worker(std::size_t index, const std::vector<RouteOptions>& routes, const Surroundings& surroundings,
               const InvalidGuards& guards, BlockQueue& queue)
    : index_{index}, queue_{queue} {
    for (const RouteOptions& route : routes) {
        const RouteOptions options = adjusted(route);
        const StreamOptions& stream = options.stream;
        auto& lane = lanes_[{stream.id, options.entities}];
        if (!lane) {
            const std::uint64_t number = lane_number(index, stream.id);
            lane = std::make_unique<StreamLane>(options, stream.order == Order::Source ? number : 0,
                                                surroundings.sink_of(stream.destination),
                                                *guards.at(stream.id), surroundings.metrics);
        }
        prometheus::Counter& too_large = surroundings.metrics.counter(
            "aep_agent_messages_too_large_for_profile_total",
            "Messages sent that AEP's Profile drops silently for their size.", {{"stream", stream.id}});
        routes_[options.source] = std::make_unique<Route>(surroundings.agent_id, options.codec, *lane,
                                                          surroundings.dead_letters, too_large);
    }
}

void Worker::run() {
    for (;;) {
        if (record::BlockPtr block = queue_.pop(index_, next_deadline())) {
            Route& route = *routes_.at(block->origin->way());
            route.process(std::move(block));
        } else if (queue_.at_end(index_)) {
            break;
        }
        seal_due(base::SteadyClock::now());
    }
    seal_due(base::SteadyTime::max());
}

void Worker::give_up_held(std::vector<record::BlockPtr>& held) {
    for (const auto& [stream, lane] : lanes_) {
        std::ranges::move(lane->held, std::back_inserter(held));
        lane->held.clear();
    }
}

base::SteadyTime Worker::next_deadline() const {
    base::SteadyTime earliest = base::SteadyClock::now() + kIdleWait;
    for (const auto& [stream, lane] : lanes_) earliest = std::min(earliest, lane->batcher.deadline());
    return earliest;
}

void Worker::seal_due(base::SteadyTime now) {
    for (const auto& [stream, lane] : lanes_) {
        if (lane->batcher.deadline() <= now) lane->batcher.seal();
    }
}

}  // namespace aep::pipeline
