#include "harness/entity_log.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "harness/records.hpp"
#include "harness/temp_dir.hpp"

namespace aep::e2e {
namespace {

TEST(EntityLog, ForgetsATornLineThatARestartedInletCutsOff) {
    const TempDir dir;
    const std::string file = dir / "entities.ndjson";
    EntityLog entities{file};
    append(file, "{\"_id\":\"one\"}\n{\"_id\":\"tw");
    EXPECT_EQ(entities.read(), 1U);
    std::filesystem::resize_file(file, 14);
    append(file, "{\"_id\":\"three\"}\n{\"_id\":\"two\"}\n");
    EXPECT_EQ(entities.read(), 3U);
    EXPECT_TRUE(entities.missing({"one", "two", "three"}).empty());
}

}  // namespace
}  // namespace aep::e2e
