#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "source/intake.hpp"
#include "source/readers.hpp"
#include "source/source.hpp"
#include "source/wake.hpp"

namespace aep::source {

/// The thread of a source, and what all sources answer alike. A derived class implements run() and calls
/// stop() in its destructor, before its own members go.
class SourceBase : public Source {
  public:
    SourceBase(const SourceOptions& options, const Surroundings& surroundings,
               std::function<void()> on_finished);
    SourceBase(const SourceBase&) = delete;
    SourceBase& operator=(const SourceBase&) = delete;

    void start() final;
    void stop() final;
    void redirect(Outlet outlet) final { intake_.redirect(std::move(outlet)); }
    [[nodiscard]] bool finished() const final { return finished_; }
    [[nodiscard]] std::vector<Progress> progress() const final { return readers_.progress(); }
    [[nodiscard]] std::optional<base::SteadyTime> oldest_unsettled() const final {
        return readers_.oldest_unsettled();
    }
    [[nodiscard]] std::uint64_t unreadable() const final { return unreadable_; }
    [[nodiscard]] std::uint64_t lost_bytes() const final { return lost_bytes_; }
    [[nodiscard]] std::optional<base::WallTime> last_record() const final { return intake_.last_record(); }

  protected:
    /// On the source's own thread. Returns at its end or soon after `stop` is asked for.
    virtual void run(const std::stop_token& stop) = 0;

    /// Everything has been handed over. From run().
    void finish();
    /// Something was given up that cannot be read. From run().
    void give_up() { ++unreadable_; }
    /// So many bytes are gone before they could be read. From run().
    void count_lost(std::uint64_t bytes) { lost_bytes_ += bytes; }

    SourceOptions options_;  ///< changed by reconfigure() alone
    Intake intake_;
    Readers readers_;
    Wake wake_;

  private:
    void guarded_run(const std::stop_token& stop) noexcept;

    const std::function<void()> on_finished_;
    std::atomic<bool> finished_ = false;
    std::atomic<std::uint64_t> unreadable_ = 0;
    std::atomic<std::uint64_t> lost_bytes_ = 0;
    std::mutex mutex_;  ///< of start() and stop()
    std::stop_source stop_;
    std::thread thread_;
    std::atomic<std::thread::id> own_thread_;  ///< of guarded_run()
};

}  // namespace aep::source
