#include "source/stdin_source.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "fixture.hpp"
#include "source/descriptor.hpp"

namespace aep::source {
namespace {

class StdinSourceTest : public SourceTest {
  protected:
    void open_pipe() {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        in_ = Descriptor{ends[0]};
        out_ = Descriptor{ends[1]};
    }
    void write(const std::string& text) {
        for (std::size_t at = 0; at < text.size();) {
            const ssize_t written = ::write(out_.get(), text.data() + at, text.size() - at);
            ASSERT_GT(written, 0);
            at += static_cast<std::size_t>(written);
        }
    }
    void start_on(int fd) {
        start(std::make_unique<StdinSource>(
            options_, surroundings(), [this] { ++finishes_; }, fd));
    }
    void TearDown() override {
        if (source_) source_->stop();
    }

    Descriptor in_;
    Descriptor out_;
};

TEST_F(StdinSourceTest, ReadsAPipeToItsEnd) {
    open_pipe();
    start_on(in_.get());
    write("one\ntw");
    ASSERT_TRUE(sees({"one"}));
    EXPECT_FALSE(source_->finished());
    write("o\nlast without its line end");
    out_.close();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(sees({"one", "two", "last without its line end"}));
    EXPECT_EQ(finishes_, 1);
    EXPECT_EQ(sink_.kept()[2].position, 8U);
    EXPECT_EQ(sink_.kept()[2].origin->name, "stdin");
    EXPECT_FALSE(sink_.kept()[2].origin->is_file);
}

TEST_F(StdinSourceTest, FinishesOnAnEmptyInput) {
    open_pipe();
    out_.close();
    start_on(in_.get());
    ASSERT_TRUE(finished());
    EXPECT_EQ(sink_.count(), 0U);
}

TEST_F(StdinSourceTest, ReadsARegularFile) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "record " + std::to_string(i) + "\n";
    append("in", text + "end");
    const Descriptor file{::open(path("in").c_str(), O_RDONLY | O_CLOEXEC)};
    start_on(file.get());
    ASSERT_TRUE(finished());
    ASSERT_EQ(sink_.count(), 10'001U);
    EXPECT_EQ(sink_.texts()[9'999], "record 9999");
    EXPECT_EQ(sink_.texts()[10'000], "end");
    EXPECT_EQ(source_->progress()[0].size, text.size() + 3);
}

TEST_F(StdinSourceTest, ReadsANonBlockingPipe) {
    open_pipe();
    ASSERT_EQ(::fcntl(in_.get(), F_SETFL, O_NONBLOCK), 0);
    start_on(in_.get());
    write("one\n");
    ASSERT_TRUE(sees({"one"}));
    write("two");
    out_.close();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(sees({"one", "two"}));
}

TEST_F(StdinSourceTest, PutsLongRecordsTogetherFromManyReads) {
    open_pipe();
    start_on(in_.get());
    std::string big;
    for (int i = 0; i < 900'000; ++i) big += static_cast<char>('a' + i % 23);
    for (std::size_t at = 0; at < big.size(); at += 5000) write(big.substr(at, 5000));
    write("\nnext\n" + std::string(2'000'000, 'o') + "\nend\n");
    out_.close();
    ASSERT_TRUE(finished());
    EXPECT_TRUE(sees({big, "next", std::string(4096, 'o'), "end"}));
    EXPECT_EQ(sink_.kept()[2].oversized, 2'000'000U);
    sink_.settle_at_once();
    EXPECT_EQ(share_->used(), 0U);
}

TEST_F(StdinSourceTest, ReadsManyTinyRecords) {
    open_pipe();
    start_on(in_.get());
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "x\n";
    write(text);
    out_.close();
    ASSERT_TRUE(finished());
    EXPECT_EQ(sink_.count(), 100'000U);
}

TEST_F(StdinSourceTest, MakesTheWriterWaitWhileThereIsNoMemory) {
    limit_memory(1'000'000);
    open_pipe();
    start_on(in_.get());
    constexpr std::size_t kLines = 40'000;
    std::atomic<bool> written = false;
    std::thread writer{[&] {
        for (std::size_t i = 0; i < kLines; ++i) write(std::string(499, 'x') + "\n");
        out_.close();
        written = true;
    }};
    EXPECT_TRUE(eventually([&] { return share_->used() > 500'000; }));
    EXPECT_FALSE(written);
    sink_.settle_at_once();
    EXPECT_TRUE(finished());
    writer.join();
    EXPECT_EQ(sink_.count(), kLines);
}

TEST_F(StdinSourceTest, StopsWhileItWaitsForData) {
    open_pipe();
    start_on(in_.get());
    write("one\nunended");
    ASSERT_TRUE(sees({"one"}));
    source_->stop();
    EXPECT_FALSE(source_->finished());
    EXPECT_EQ(finishes_, 0);
    EXPECT_TRUE(sees({"one"}));
    EXPECT_EQ(source_->lost_bytes(), 7U);
}

TEST_F(StdinSourceTest, StopsBehindWhatItsWriterHasWritten) {
    options_.gather = std::chrono::seconds{10};
    open_pipe();
    start_on(in_.get());
    write("one\ntwo\nhalf");
    source_->stop();
    EXPECT_FALSE(source_->finished());
    EXPECT_TRUE(sees({"one", "two"}));
    EXPECT_EQ(source_->lost_bytes(), 4U);
}

TEST_F(StdinSourceTest, HandsOverWhatItHoldsWhenItStopsWithoutMemory) {
    limit_memory(5'000'000);
    open_pipe();
    ASSERT_GT(::fcntl(out_.get(), F_SETPIPE_SZ, 1 << 20), 0);
    std::string text;
    while (text.size() < 1'000'000) text += "x\n";
    write(text);
    start_on(in_.get());
    ASSERT_TRUE(eventually([&] { return share_->used() > 4'000'000; }));
    source_->stop();
    int left = 0;
    ASSERT_EQ(::ioctl(in_.get(), FIONREAD, &left), 0);
    ASSERT_GT(left, 0);
    EXPECT_EQ(sink_.count(), (text.size() - static_cast<std::size_t>(left)) / 2);
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(StdinSourceTest, StopsWhereNobodyKnowsHowMuchThereIs) {
    const Descriptor endless{::open("/dev/zero", O_RDONLY | O_CLOEXEC)};
    options_.max_record = 4096;
    sink_.settle_at_once();
    start_on(endless.get());
    source_->stop();
    EXPECT_FALSE(source_->finished());
}

TEST_F(StdinSourceTest, StopsAtTheEndThatIsThere) {
    options_.gather = std::chrono::seconds{10};
    open_pipe();
    start_on(in_.get());
    write("one\nlast without its line end");
    out_.close();
    source_->stop();
    EXPECT_TRUE(source_->finished());
    EXPECT_TRUE(sees({"one", "last without its line end"}));
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(StdinSourceTest, FinishesWhereThereIsNoInputAtAll) {
    constexpr int kNotOpen = 1'000'000;
    start_on(kNotOpen);
    ASSERT_TRUE(finished());
    EXPECT_EQ(source_->unreadable(), 1U);
}

}  // namespace
}  // namespace aep::source
