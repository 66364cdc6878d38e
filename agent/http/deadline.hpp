#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "base/duration.hpp"

namespace aep::http {

/// Bounds the steps of one connection in time, one after the other. Confined to its executor.
class Deadline {
  public:
    explicit Deadline(const boost::asio::any_io_executor& executor);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    /// The step that is under way; it ends with this object.
    class [[nodiscard]] Step {
      public:
        explicit Step(Deadline& deadline) : deadline_{deadline} {}
        ~Step() { deadline_.end_step(); }
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;

      private:
        Deadline& deadline_;
    };

    /// Begins a step; `cut` is called when it lasts longer than `limit`, and at abort(). `cut` must make the
    /// step fail, also when the step is between two waits.
    Step begin(base::Millis limit, std::function<void()> cut);

    /// Whether the step, or the last one, took too long.
    [[nodiscard]] bool passed() const;
    /// Ends the step that is under way, and every later one when it begins.
    void abort();
    [[nodiscard]] bool aborted() const;

  private:
    struct State;
    void end_step();

    std::shared_ptr<State> state_;  ///< shared with the timer's handler, which may run after this has gone
};

}  // namespace aep::http
