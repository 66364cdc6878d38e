#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "record/position_store.hpp"
#include "telemetry/health.hpp"

namespace aep::store {

/// The durable state of one agent, under `state_dir/store`: the positions of its sources. Whoever opens it
/// has the StateLock. Free-threaded.
class Store {
  public:
    /// The most that a store of positions alone grows to: a million marks. Address space, not disk.
    static constexpr std::uint64_t kPositionsMap = std::uint64_t{1} << 30U;

    /// Where it is.
    [[nodiscard]] static std::filesystem::path directory(const std::filesystem::path& state_dir);

    /// Opens or makes it. An error names what is wrong, where, and what to do; nothing may be read then.
    [[nodiscard]] static base::Result<std::unique_ptr<Store>> open(const std::filesystem::path& state_dir,
                                                                   telemetry::Health& health);
    /// Commits what waits if that works at once.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] record::PositionStore& positions();

    /// Commits what waits now. False: it could not within `timeout`; the log says why.
    [[nodiscard]] bool flush(std::chrono::milliseconds timeout);

  private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::store
