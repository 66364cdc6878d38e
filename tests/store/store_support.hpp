#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "record/position_store.hpp"
#include "store/environment.hpp"
#include "store/position_tool.hpp"
#include "store/store.hpp"
#include "support.hpp"
#include "telemetry/health.hpp"

namespace aep::store::testing_support {

inline constexpr std::chrono::seconds kSoon{30};

/// A state directory with a store that can be opened, closed and looked into.
class StoreFixture : public testing::Test {
  protected:
    void open() {
        auto opened = Store::open(dir_.path(), health_);
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        store_ = std::move(*opened);
    }
    void close() { store_.reset(); }
    void reopen() {
        close();
        open();
    }
    void commit() { ASSERT_TRUE(store_->flush(kSoon)); }

    [[nodiscard]] record::PositionStore& positions() { return store_->positions(); }

    /// What a start would find. The store must be open.
    [[nodiscard]] std::optional<record::FileMark> recalled(const std::string& generation,
                                                           const std::string& source = "web") {
        for (const record::FileMark& mark : positions().recall(source)) {
            if (mark.generation == generation) return mark;
        }
        return std::nullopt;
    }

    static record::FileMark mark(const std::string& generation, std::uint64_t position = 0) {
        record::FileMark made;
        made.source = "web";
        made.generation = generation;
        made.path = "/var/log/" + generation + ".json";
        made.device = 7;
        made.inode = 42;
        made.fingerprint = {.size = 1024, .high = 0x0123456789ABCDEF, .low = ~std::uint64_t{0}};
        made.position = position;
        made.last_seen = base::WallTime{std::chrono::milliseconds{1'700'000'000'123}};
        return made;
    }
    static record::Origin origin(const std::string& generation) {
        record::Origin made;
        made.source = "web";
        made.generation = generation;
        made.is_file = true;
        return made;
    }
    void remember(const record::FileMark& one) {
        const auto done = positions().remember({&one, 1});
        ASSERT_TRUE(done.has_value()) << done.error().message;
    }

    /// The store's raw tables. The store must be closed.
    [[nodiscard]] std::unique_ptr<Environment> raw() {
        auto opened = Environment::open(Store::directory(dir_.path()), Store::kPositionsMap,
                                        Environment::Access::Write);
        EXPECT_TRUE(opened.has_value()) << opened.error().message;
        return std::move(*opened);
    }

    TempDir dir_;
    telemetry::Health health_;
    std::unique_ptr<Store> store_;
};

}  // namespace aep::store::testing_support
