#include "store/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "store_support.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class StoreFiles : public testing_support::StoreFixture {
  protected:
    void SetUp() override {
        open();
        std::vector<record::FileMark> marks;
        for (int i = 0; i < 100; ++i) marks.push_back(mark("g" + std::to_string(i), 10));
        ASSERT_TRUE(positions().remember(marks));
        ASSERT_TRUE(positions().mark_scanned("web"));
        close();
    }
    [[nodiscard]] fs::path file(const char* name) const { return Store::directory(dir_.path()) / name; }

    std::string refusal() {
        auto opened = Store::open(dir_.path(), health_);
        return opened ? "" : opened.error().message;
    }
    std::string way_back() const {
        const std::string store = Store::directory(dir_.path()).string();
        return "mv '" + store + "' '" + store + ".aside'";
    }
};

TEST_F(StoreFiles, AreForTheAgentAlone) {
    struct stat status {};
    ASSERT_EQ(::stat(Store::directory(dir_.path()).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    ASSERT_EQ(::stat(file("data.mdb").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(StoreFiles, OfANewerFormatAreRefusedWithTheWayBack) {
    std::ofstream{file("format")} << "2\n";
    EXPECT_THAT(refusal(), AllOf(HasSubstr("format 2"), HasSubstr("reads up to 1"), HasSubstr(way_back())));
    std::ofstream{file("format")} << "1\n";
    EXPECT_EQ(refusal(), "");
}

TEST_F(StoreFiles, AreNotToBeGivenUpForWantOfDescriptors) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "UBSan needs descriptors to look at an object's type";
#endif
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const std::string refused = refusal();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_THAT(refused, AllOf(HasSubstr("Too many open files"), HasSubstr("is not damaged"),
                               testing::Not(HasSubstr("aside"))));
    EXPECT_EQ(refusal(), "");
}

TEST_F(StoreFiles, ThatAreNoStoreAreRefusedWithTheWayBack) {
    std::ofstream{file("data.mdb"), std::ios::trunc} << std::string(20'000, 'x');
    EXPECT_THAT(refusal(), AllOf(HasSubstr("cannot be opened"), HasSubstr(way_back())));
}

TEST_F(StoreFiles, EmptiedOrLostAreNotTakenForANewStore) {
    fs::resize_file(file("data.mdb"), 0);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("lost its data file"), HasSubstr(way_back())));
    fs::remove(file("data.mdb"));
    EXPECT_THAT(refusal(), AllOf(HasSubstr("lost its data file"), HasSubstr(way_back())));
}

/// Opens the store in a process of its own and reads everything: its exit code, 128 + N after signal N.
int exit_code_of_reading(const fs::path& state_dir) {
    const pid_t child = ::fork();
    if (child == 0) {
        telemetry::Health health;
        auto opened = Store::open(state_dir, health);
        if (!opened) ::_exit(opened.error().message.find(".aside") == std::string::npos ? 3 : 2);
        const auto marks = (*opened)->positions().recall("web");
        const bool all_right =
            std::ranges::all_of(marks, [](const record::FileMark& one) { return one.position == 10; });
        // Fewer than there were are read again, but only where the state does not look new.
        const bool none_skipped = marks.size() == 100 || (*opened)->positions().scanned_before("web");
        ::_exit(all_right && none_skipped ? 0 : 4);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(StoreFiles, CutShortAnywhereAreRefusedOrReadWithoutHarm) {
    const auto size = fs::file_size(file("data.mdb"));
    fs::copy_file(file("data.mdb"), dir_.path() / "whole");
    testing::internal::CaptureStderr();
    for (std::uintmax_t kept = 1; kept < size; kept += 1024) {
        fs::copy_file(dir_.path() / "whole", file("data.mdb"), fs::copy_options::overwrite_existing);
        fs::resize_file(file("data.mdb"), kept);
        EXPECT_THAT(exit_code_of_reading(dir_.path()), testing::AnyOf(0, 2)) << kept;
    }
    (void)testing::internal::GetCapturedStderr();
}

TEST_F(StoreFiles, TornAnywhereAreRefusedOrReadWithoutHarm) {
    const auto size = fs::file_size(file("data.mdb"));
    fs::copy_file(file("data.mdb"), dir_.path() / "whole");
    testing::internal::CaptureStderr();
    for (std::uintmax_t torn = 0; torn < size; torn += 512) {
        fs::copy_file(dir_.path() / "whole", file("data.mdb"), fs::copy_options::overwrite_existing);
        std::fstream out{file("data.mdb"), std::ios::in | std::ios::out | std::ios::binary};
        out.seekp(static_cast<std::streamoff>(torn));
        out << std::string(512, '\0');
        out.close();
        EXPECT_THAT(exit_code_of_reading(dir_.path()), testing::AnyOf(0, 2)) << torn;
    }
    (void)testing::internal::GetCapturedStderr();
}

TEST_F(StoreFiles, ThatMayNotBeReadAreRefused) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    fs::permissions(file("data.mdb"), fs::perms::none);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("Permission denied"), HasSubstr("chown -R")));
}

TEST_F(StoreFiles, WithoutRoomForANewStoreAreRefused) {
    const testing_support::FileSizeLimit full{4096};
    const fs::path other = dir_.path() / "other";
    fs::create_directory(other);
    auto opened = Store::open(other, health_);
    ASSERT_FALSE(opened.has_value());
    EXPECT_THAT(opened.error().message, HasSubstr("File too large"));
}

TEST_F(StoreFiles, ThatDoNotExistAreNotMadeByAReader) {
    const fs::path other = dir_.path() / "other";
    const auto listed = read_marks(other);
    ASSERT_TRUE(listed.has_value());
    EXPECT_TRUE(listed->marks.empty());
    EXPECT_FALSE(fs::exists(other));
}

}  // namespace
}  // namespace aep::store
