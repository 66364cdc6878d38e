#include "http/deadline.hpp"

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <utility>

namespace aep::http {

struct Deadline::State {
    explicit State(const boost::asio::any_io_executor& executor) : timer{executor} {}

    boost::asio::steady_timer timer;
    std::function<void()> cut;
    std::uint64_t step = 0;  ///< tells a handler that was already queued when its step ended
    bool passed = false;
    bool aborted = false;
};

Deadline::Deadline(const boost::asio::any_io_executor& executor)
    : state_{std::make_shared<State>(executor)} {}

Deadline::~Deadline() {
    end_step();
}

Deadline::Step Deadline::begin(base::Millis limit, std::function<void()> cut) {
    state_->cut = std::move(cut);
    state_->passed = false;
    if (state_->aborted) state_->cut();
    state_->timer.expires_after(limit);
    state_->timer.async_wait(
        [state = state_, step = state_->step](const boost::system::error_code& cancelled) {
            if (cancelled || state->step != step) return;
            state->passed = true;
            state->cut();
        });
    return Step{*this};
}

void Deadline::end_step() {
    ++state_->step;
    state_->cut = nullptr;
    state_->timer.cancel();
}

void Deadline::abort() {
    state_->aborted = true;
    if (state_->cut) state_->cut();
}

bool Deadline::passed() const {
    return state_->passed;
}

bool Deadline::aborted() const {
    return state_->aborted;
}

}  // namespace aep::http
