#include "store/state_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "support.hpp"

namespace aep::store {
namespace {

using testing::HasSubstr;

TEST(StateLock, IsHeldByOneAndSaysByWhom) {
    const testing_support::TempDir dir;
    std::optional first = StateLock::take(dir.path() / "deep" / "state");
    ASSERT_TRUE(first->has_value());
    const auto second = StateLock::take(dir.path() / "deep" / "state");
    ASSERT_FALSE(second.has_value());
    EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
    EXPECT_THAT(second.error().message, HasSubstr((dir.path() / "deep" / "state").string()));
    first.reset();
    EXPECT_TRUE(StateLock::take(dir.path() / "deep" / "state").has_value());
}

TEST(StateLock, MakesTheDirectoryForThisUserAlone) {
    const testing_support::TempDir dir;
    const mode_t before = ::umask(0);
    const auto lock = StateLock::take(dir.path() / "deep" / "state" / "");
    ::umask(before);
    ASSERT_TRUE(lock.has_value());
    struct stat status {};
    ASSERT_EQ(::stat((dir.path() / "deep" / "state").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST(StateLock, NeedsADirectoryThatCanBeWritten) {
    const auto lock = StateLock::take("/proc/no-such-directory");
    ASSERT_FALSE(lock.has_value());
    EXPECT_THAT(lock.error().message, HasSubstr("set agent.state_dir to a directory that can be written"));
}

}  // namespace
}  // namespace aep::store
