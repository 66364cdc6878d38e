#include "store/store.hpp"

#include <utility>

#include "store/committer.hpp"
#include "store/environment.hpp"
#include "store/position_keeper.hpp"

namespace aep::store {
// What comes later uses what comes earlier, and is destroyed first.
struct Store::Impl {
    Impl(std::unique_ptr<Environment> opened, telemetry::Health& health)
        : environment{std::move(opened)},
          positions{*environment},
          committer{*environment, {&positions}, health} {
        positions.on_change([this] { committer.notice(); });
    }

    const std::unique_ptr<Environment> environment;
    PositionKeeper positions;
    Committer committer;
};

std::filesystem::path Store::directory(const std::filesystem::path& state_dir) {
    return state_dir / "store";
}

base::Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& state_dir,
                                                 telemetry::Health& health) {
    auto environment = Environment::open(directory(state_dir), kPositionsMap, Environment::Access::Write);
    if (!environment) return environment.error();
    auto impl = std::make_unique<Impl>(std::move(*environment), health);
    return std::unique_ptr<Store>{new Store{std::move(impl)}};
}

Store::Store(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Store::~Store() = default;

record::PositionStore& Store::positions() {
    return impl_->positions;
}

bool Store::flush(std::chrono::milliseconds timeout) {
    return impl_->committer.flush(timeout);
}

}  // namespace aep::store
