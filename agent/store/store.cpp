#include "store/store.hpp"

#include <malloc.h>

#include <utility>

#include "store/committer.hpp"
#include "store/environment.hpp"
#include "store/position_keeper.hpp"

namespace aep::store {
// What comes later uses what comes earlier, and is destroyed first.
struct Store::Impl {
    Impl(std::unique_ptr<Environment> opened, telemetry::Health& health, std::uint64_t bytes_for_buffers)
        : environment{std::move(opened)},
          buffer_bytes{bytes_for_buffers},
          positions{*environment, health},
          committer{*environment, health} {
        committer.add(positions);
        positions.on_change([this] { committer.notice(); });
    }

    const std::unique_ptr<Environment> environment;
    const std::uint64_t buffer_bytes;
    PositionKeeper positions;
    Committer committer;
};

std::filesystem::path Store::directory(const std::filesystem::path& state_dir) {
    return state_dir / "store";
}

base::Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& state_dir,
                                                 telemetry::Health& health, std::uint64_t buffer_bytes) {
    // Values of mixed sizes leave holes: a map that is 85 % full may refuse another.
    if (buffer_bytes > 0) {
        // LMDB takes memory for every value and gives it back with the commit. malloc would return it to the
        // system each time, and a third of a commit would be page faults. A store is opened before the
        // agent's threads start.
        ::mallopt(M_MMAP_THRESHOLD, 2 << 20);  // NOLINT(concurrency-mt-unsafe)
        ::mallopt(M_TRIM_THRESHOLD, 4 << 20);  // NOLINT(concurrency-mt-unsafe)
    }
    const std::uint64_t map_bytes = kPositionsMap + buffer_bytes + buffer_bytes / 2;
    auto environment = Environment::open(directory(state_dir), map_bytes, Environment::Access::Write);
    if (!environment) return environment.error();
    auto impl = std::make_unique<Impl>(std::move(*environment), health, buffer_bytes);
    return std::unique_ptr<Store>{new Store{std::move(impl)}};
}

Store::Store(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Store::~Store() = default;

record::PositionStore& Store::positions() {
    return impl_->positions;
}

Environment& Store::environment() {
    return *impl_->environment;
}

void Store::add(Committed& participant) {
    impl_->committer.add(participant);
}

void Store::remove(Committed& participant) {
    impl_->committer.remove(participant);
}

std::uint64_t Store::buffer_bytes() const {
    return impl_->buffer_bytes;
}

void Store::notice(bool at_once) {
    impl_->committer.notice(at_once);
}

void Store::close() {
    impl_->committer.close();
}

bool Store::flush(std::chrono::milliseconds timeout) {
    return impl_->committer.flush(timeout);
}

}  // namespace aep::store
