#include "source/source_base.hpp"

#include <pthread.h>

#include <exception>
#include <utility>

#include "telemetry/log.hpp"

namespace aep::source {

namespace log = telemetry::log;
namespace {

/// For `top -H` and debuggers: "source web".
void name_thread(const std::string& id) {
    constexpr std::size_t kMost = 15;  // see pthread_setname_np(3)
    (void)::pthread_setname_np(::pthread_self(), ("source " + id).substr(0, kMost).c_str());
}

}  // namespace

SourceBase::SourceBase(const SourceOptions& options, const Surroundings& surroundings,
                       std::function<void()> on_finished)
    : options_{options},
      intake_{options_, surroundings},
      readers_{!options.follow},
      on_finished_{std::move(on_finished)} {}

void SourceBase::start() {
    const std::lock_guard lock{mutex_};
    if (thread_.joinable()) return;
    if (stop_.stop_requested()) stop_ = std::stop_source{};  // it was stopped to be changed
    thread_ = std::thread{[this] { guarded_run(stop_.get_token()); }};
}

void SourceBase::stop() {
    stop_.request_stop();
    wake_.signal();
    // From on_finished(), on the source's own thread, there is nothing to wait for; and no lock to take,
    // because another thread may hold it while it waits for this one.
    if (own_thread_ == std::this_thread::get_id()) return;
    const std::lock_guard lock{mutex_};
    if (thread_.joinable()) thread_.join();
}

void SourceBase::finish() {
    if (finished_.exchange(true)) return;
    if (on_finished_) on_finished_();
}

void SourceBase::guarded_run(const std::stop_token& stop) noexcept {
    own_thread_ = std::this_thread::get_id();
    name_thread(options_.id);
    try {
        run(stop);
        return;
    } catch (const std::exception& exception) {
        log::error("internal",
                   "a source has stopped because of a fault in the agent: restart it and report this",
                   {{"source", options_.id}, {"error", exception.what()}});
    } catch (...) {
        log::error("internal",
                   "a source has stopped because of a fault in the agent: restart it and report this",
                   {{"source", options_.id}});
    }
    give_up();
    try {
        finish();
    } catch (...) {
        log::error("internal", "cannot report the end of a source", {{"source", options_.id}});
    }
}

}  // namespace aep::source
