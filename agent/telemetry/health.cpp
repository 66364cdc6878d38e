#include "telemetry/health.hpp"

#include <utility>

namespace aep::telemetry {

void Health::set_trouble(const std::string& subject, std::string reason) {
    const std::lock_guard lock{mutex_};
    troubles_[subject] = std::move(reason);
}

void Health::clear_trouble(const std::string& subject) {
    const std::lock_guard lock{mutex_};
    troubles_.erase(subject);
}

void Health::set_running(bool running) {
    const std::lock_guard lock{mutex_};
    running_ = running;
}

bool Health::ready() const {
    const std::lock_guard lock{mutex_};
    return running_ && troubles_.empty();
}

std::string Health::troubles() const {
    const std::lock_guard lock{mutex_};
    std::string lines;
    for (const auto& [subject, reason] : troubles_) {
        lines += subject;
        lines += ": ";
        lines += reason;
        lines += '\n';
    }
    return lines;
}

std::string Health::report() const {
    const std::string lines = troubles();
    const std::lock_guard lock{mutex_};
    return running_ ? lines : "agent: starting or draining\n" + lines;
}

}  // namespace aep::telemetry
