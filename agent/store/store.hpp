#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "record/position_store.hpp"
#include "store/committer.hpp"
#include "store/environment.hpp"
#include "telemetry/health.hpp"

namespace aep::store {

/// The durable state of one agent, under `state_dir/store`: the positions of its sources and its disk
/// buffers, so that both change in one transaction. Whoever opens it has the StateLock. Free-threaded.
class Store {
  public:
    /// The most that a store of positions alone grows to: a million marks. Address space, not disk.
    static constexpr std::uint64_t kPositionsMap = std::uint64_t{256} << 20U;

    /// Where it is.
    [[nodiscard]] static std::filesystem::path directory(const std::filesystem::path& state_dir);

    /// Opens or makes it, with room for disk buffers of `buffer_bytes` in all. An error names what is wrong,
    /// where, and what to do; nothing may be read then.
    [[nodiscard]] static base::Result<std::unique_ptr<Store>> open(const std::filesystem::path& state_dir,
                                                                   telemetry::Health& health,
                                                                   std::uint64_t buffer_bytes = 0);
    /// Commits what waits if that works at once.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] record::PositionStore& positions();

    /// For what keeps its own data in the store; it lives until close().
    [[nodiscard]] Environment& environment();
    void add(Committed& participant);
    /// It takes part in no commit any more when it returns.
    void remove(Committed& participant);
    /// For how much in disk buffers it was opened.
    [[nodiscard]] std::uint64_t buffer_bytes() const;
    void notice(bool at_once);
    /// The last commit; nothing takes part in another. Idempotent.
    void close();

    /// Commits what waits now. False: it could not within `timeout`; the log says why.
    [[nodiscard]] bool flush(std::chrono::milliseconds timeout);

  private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::store
