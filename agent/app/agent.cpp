#include "app/agent.hpp"

#include <algorithm>
#include <utility>

#include "app/reload.hpp"
#include "app/stages.hpp"

namespace aep::app {

Agent::Agent(std::unique_ptr<Stages> stages) : stages_{std::move(stages)} {}

Agent::~Agent() {
    stop_reading();
    leave_buffered();
    for (const auto& [id, destination] : stages_->destinations) destination->stop();
    stages_->dead_letters.reset();  // the last who settles anything; then comes the last commit
}

base::Result<std::unique_ptr<Agent>> Agent::create(const config::Config& config, const Options& options) {
    auto stages = std::make_unique<Stages>(config, options);
    if (auto built = stages->build(); !built) return built.error();
    return std::unique_ptr<Agent>{new Agent{std::move(stages)}};
}

void Agent::start() {
    for (const auto& [id, buffer] : stages_->buffers) buffer->start(*stages_->destinations.at(id));
    for (const auto& [id, source] : stages_->sources) source->start();
    stages_->health.set_running(true);
}

base::Result<std::string> Agent::reload(const config::Config& next) {
    return Reload{*stages_, next}.run();
}

void Agent::count_reload(bool taken_over) {
    telemetry::Metrics& metrics = stages_->metrics;
    metrics
        .counter("aep_agent_reloads_total", "Reloads of the configuration (SIGHUP).",
                 {{"result", taken_over ? "taken_over" : "refused"}})
        .Increment();
    metrics
        .gauge("aep_agent_last_reload_taken_over",
               "0 while the last reload was refused: the files say something else than what runs.")
        .Set(taken_over ? 1 : 0);
}

const config::Config& Agent::config() const {
    return stages_->config;
}

bool Agent::sources_finished() const {
    return !stages_->sources.empty() &&
           std::ranges::all_of(stages_->sources, [](const auto& entry) { return entry.second->finished(); });
}

void Agent::stop_reading() {
    stages_->health.set_running(false);
    for (const auto& [id, source] : stages_->sources) source->stop();
    stages_->pipeline->finish();
}

void Agent::leave_buffered() {
    for (const auto& [id, buffer] : stages_->buffers) buffer->stop();
    stages_->buffers_left = true;
}

bool Agent::has_disk_buffer() const {
    return !stages_->buffers.empty();
}

bool Agent::drain(std::chrono::milliseconds timeout) {
    const auto deadline = base::SteadyClock::now() + timeout;
    const auto left = [deadline] {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::SteadyClock::now());
        return std::max(rest, std::chrono::milliseconds{0});
    };
    const bool delivered = std::ranges::all_of(stages_->destinations, [&](const auto& entry) {
        const auto& [id, destination] = entry;
        const auto buffer = stages_->buffers.find(id);
        if (buffer == stages_->buffers.end()) return destination->drain(left());
        if (!buffer->second->drain(left())) return false;
        // Requests under way are worth waiting for, unless nothing gets through anyway.
        return (stages_->buffers_left && !destination->state().trouble.empty()) || destination->drain(left());
    });
    // Refused messages become dead letters: only when nothing can be refused any more is this the end.
    return delivered && stages_->dead_letters->drain(left());
}

bool Agent::commit_positions(std::chrono::milliseconds timeout) {
    return !stages_->store || stages_->store->flush(timeout);
}

record::RecordCounters::Values Agent::totals() const {
    record::RecordCounters::Values sum;
    for (const record::RecordCounters* counters : stages_->all_counters()) sum += counters->snapshot();
    return sum;
}

std::uint64_t Agent::durable() const {
    const std::lock_guard lock{stages_->mutex};
    std::uint64_t count = 0;
    for (const record::RecordCounters* counters : stages_->all_counters()) {
        count += stages_->durable_of(*counters);
    }
    return count;
}

std::uint64_t Agent::left_behind() const {
    std::uint64_t count = 0;
    for (const record::RecordCounters* counters : stages_->all_counters()) count += counters->nobodys();
    return count;
}

std::vector<source::Source::Progress> Agent::progress() const {
    const std::lock_guard lock{stages_->mutex};
    std::vector<source::Source::Progress> all;
    for (const auto& [id, source] : stages_->sources) {
        for (auto& one : source->progress()) all.push_back(std::move(one));
    }
    return all;
}

std::vector<delivery::Destination::State> Agent::destination_states() const {
    const std::lock_guard lock{stages_->mutex};
    std::vector<delivery::Destination::State> states;
    for (const auto& [id, destination] : stages_->destinations) states.push_back(destination->state());
    return states;
}

std::vector<std::string> Agent::held_streams() const {
    const std::lock_guard lock{stages_->mutex};
    std::vector<std::string> held;
    for (const config::Source& source : stages_->config.sources) {
        const std::string& stream = source.options.stream;
        if (stages_->pipeline->hold(stream)->held()) held.push_back(stream);
    }
    return held;
}

std::uint64_t Agent::unreadable() const {
    const std::lock_guard lock{stages_->mutex};
    std::uint64_t count = 0;
    for (const auto& [id, source] : stages_->sources) count += source->unreadable();
    return count;
}

const telemetry::Metrics& Agent::metrics() const {
    return stages_->metrics;
}

const telemetry::Health& Agent::health() const {
    return stages_->health;
}

}  // namespace aep::app
