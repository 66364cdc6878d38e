#include "store/readable.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/support.hpp"

namespace aep::store {
namespace {

using testing::HasSubstr;
using testing_support::TempDir;

constexpr uid_t kNobody = 65534;

TEST(Readable, IsWhatCanBeListedAndWhatIsNotThere) {
    const TempDir dir;
    EXPECT_TRUE(check_readable(dir.path()));
    EXPECT_TRUE(check_readable(dir.path() / "none" / "deeper"));
    std::ofstream{dir.path() / "file"} << "x";
    EXPECT_FALSE(check_readable(dir.path() / "file"));
}

TEST(Readable, IsNotWhatBelongsToAnother) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    const TempDir dir;
    std::filesystem::permissions(dir.path(), std::filesystem::perms::owner_all);
    ASSERT_EQ(::seteuid(kNobody), 0);
    const auto there = check_readable(dir.path());
    const auto below = check_readable(dir.path() / "dead-letter");
    ASSERT_EQ(::seteuid(0), 0);
    ASSERT_FALSE(there);
    EXPECT_THAT(there.error().message, HasSubstr("Permission denied; be the user that the agent runs as"));
    EXPECT_FALSE(below);
}

}  // namespace
}  // namespace aep::store
