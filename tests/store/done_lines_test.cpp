#include "store/done_lines.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "store/support.hpp"

namespace aep::store {
namespace {

using namespace testing_support;

class DoneLinesTest : public testing::Test {
  protected:
    void SetUp() override { std::ofstream{file_} << "1\n2\n3\n4\n5\n"; }
    static void add(DoneLines& done, std::vector<std::uint64_t> lines) {
        const auto added = done.add(lines);
        ASSERT_TRUE(added) << added.error().message;
    }

    TempDir dir_;
    const fs::path file_ = dir_.path() / "letters.ndjson";
    const fs::path kept_ = dir_.path() / "letters.ndjson.done";
};

TEST_F(DoneLinesTest, AreKeptOverTheEndOfTheProcess) {
    {
        DoneLines done = DoneLines::of(file_);
        EXPECT_EQ(done.count(), 0U);
        add(done, {1, 2, 3});
        add(done, {5});
        EXPECT_EQ(done.count(), 4U);
    }
    DoneLines done = DoneLines::of(file_);
    EXPECT_EQ(done.count(), 4U);
    EXPECT_TRUE(done.contains(1));
    EXPECT_FALSE(done.contains(4));
    EXPECT_TRUE(done.contains(5));
    EXPECT_FALSE(done.contains(6));
    add(done, {4});
    EXPECT_EQ(DoneLines::of(file_).count(), 5U);
}

TEST_F(DoneLinesTest, SayNothingOfAnotherFileOfTheSameName) {
    DoneLines done = DoneLines::of(file_);
    add(done, {1, 2});
    const fs::path other = dir_.path() / "other";
    std::ofstream{other} << "4\n5\n";
    fs::rename(other, file_);
    DoneLines fresh = DoneLines::of(file_);
    EXPECT_EQ(fresh.count(), 0U);
    add(fresh, {2});
    EXPECT_FALSE(DoneLines::of(file_).contains(1));
    EXPECT_TRUE(DoneLines::of(file_).contains(2));
}

TEST_F(DoneLinesTest, DoNotBelieveALineThatWasCutOff) {
    DoneLines done = DoneLines::of(file_);
    add(done, {1});
    std::ofstream{kept_, std::ios::app} << "2-5";  // was to become 2-50
    EXPECT_EQ(DoneLines::of(file_).count(), 1U);
}

TEST_F(DoneLinesTest, SurviveGarbage) {
    const std::string head = lines_of([&] {
        DoneLines done = DoneLines::of(file_);
        add(done, {1});
        return kept_;
    }())[0];
    std::ofstream{kept_} << head << "\nx\n5-3\n-1\n3-99999999999999999999\n2-2\n";
    const DoneLines done = DoneLines::of(file_);
    EXPECT_EQ(done.count(), 1U);
    EXPECT_TRUE(done.contains(2));
    std::ofstream{kept_} << "1-5\n";
    EXPECT_EQ(DoneLines::of(file_).count(), 0U);
}

}  // namespace
}  // namespace aep::store
