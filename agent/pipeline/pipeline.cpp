#include "pipeline/pipeline.hpp"

#include <cstdlib>
#include <exception>
#include <thread>
#include <unordered_set>

#include "pipeline/block_queue.hpp"
#include "pipeline/worker.hpp"
#include "telemetry/log.hpp"
#include "xdm/envelope.hpp"

namespace aep::pipeline {
namespace {

std::unordered_set<std::string> ordered_ways(const std::vector<RouteOptions>& routes) {
    std::unordered_set<std::string> ways;
    for (const RouteOptions& route : routes) {
        if (route.stream.order == Order::Source) ways.insert(route.source);
    }
    return ways;
}

/// A worker that throws has met a broken invariant: going on could only lose records silently.
void run_or_end_process(Worker& worker) noexcept {
    try {
        worker.run();
    } catch (const std::exception& error) {
        telemetry::log::error("internal_error", "a worker failed; please report this",
                              {{"what", error.what()}});
        telemetry::log::flush();
        std::_Exit(70);
    }
}

}  // namespace

struct Pipeline::Impl {
    Impl(std::size_t worker_count, const std::vector<RouteOptions>& routes, const Surroundings& surroundings)
        : queue{worker_count, ordered_ways(routes)} {
        for (const RouteOptions& route : routes) {
            auto& guard = guards[route.stream.id];
            if (guard) continue;
            guard = std::make_shared<InvalidGuard>(route.stream.id, route.stream.invalid_limit,
                                                   surroundings.health, surroundings.metrics);
        }
        for (std::size_t i = 0; i < worker_count; ++i) {
            workers.push_back(std::make_unique<Worker>(i, routes, surroundings, guards, queue));
        }
        for (const auto& worker : workers) {
            threads.emplace_back([&running = *worker] { run_or_end_process(running); });
        }
    }

    BlockQueue queue;
    InvalidGuards guards;
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::thread> threads;
};

Pipeline::Pipeline(std::size_t workers, const std::vector<RouteOptions>& routes,
                   const Surroundings& surroundings)
    : impl_{std::make_unique<Impl>(workers, routes, surroundings)} {}

Pipeline::~Pipeline() {
    finish();
}

record::BlockSink& Pipeline::sink() {
    return impl_->queue;
}

std::shared_ptr<const record::StreamHold> Pipeline::hold(const std::string& stream) const {
    const auto& guard = impl_->guards.at(stream);
    return {guard, &guard->hold()};
}

std::size_t Pipeline::message_overhead(const StreamOptions& stream) {
    const xdm::Envelope envelope = xdm::render_envelope(stream.envelope);
    constexpr std::size_t kComma = 1;
    // `"_id":"<32 hex digits>",` and `"timestamp":"2026-01-31T12:00:00.123Z",`
    constexpr std::size_t kGenerated = 41 + 39;
    return envelope.prefix.size() + envelope.suffix.size() + kComma + kGenerated;
}

void Pipeline::finish() {
    if (impl_->threads.empty()) return;
    impl_->queue.close();
    for (std::thread& thread : impl_->threads) thread.join();
    impl_->threads.clear();
}

void Pipeline::retire_holds() {
    for (const auto& [stream, guard] : impl_->guards) guard->retire();
}

void Pipeline::hold_as(const Pipeline& before) {
    for (const auto& [stream, guard] : before.impl_->guards) {
        if (guard->held()) impl_->guards.at(stream)->hold_silently();
    }
}

std::vector<record::BlockPtr> Pipeline::take_held() {
    std::vector<record::BlockPtr> held;
    for (const auto& worker : impl_->workers) worker->give_up_held(held);
    return held;
}

}  // namespace aep::pipeline
