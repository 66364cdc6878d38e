#include <gmock/gmock.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "fixture.hpp"
#include "source/file_source.hpp"

// Compressed files: alone, and as what becomes of a rotated one.
namespace aep::source {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

std::string packed(const std::string& text) {
    z_stream stream{};
    EXPECT_EQ(
        ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    std::string out(::deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<unsigned char*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    ::deflateEnd(&stream);
    return out;
}

/// Lines that do not compress to nothing.
Texts random_lines(std::size_t count, std::size_t size) {
    std::mt19937_64 random{count};
    Texts lines(count);
    for (std::string& line : lines) {
        while (line.size() < size) line += std::to_string(random());
    }
    return lines;
}

std::string joined(const Texts& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    return text;
}

class GzipTest : public SourceTest {
  protected:
    GzipTest() {
        options_.include = {path("*.log"), path("*.gz")};
        sink_.settle_at_once();
    }

    /// As gzip(1) does it: the copy is complete before the original goes.
    void compress(const std::string& name) const {
        append(name + ".gz", packed(text_of(name)));
        fs::remove(path(name));
    }
    [[nodiscard]] std::string text_of(const std::string& name) const {
        std::ifstream file{directory_ / name, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    [[nodiscard]] record::FileMark mark_of(const std::string& name) {
        for (const record::FileMark& mark : positions_.recall("test")) {
            if (mark.path == path(name)) return mark;
        }
        return {};
    }
    void stop() {
        source_->stop();
        source_.reset();
    }
};

TEST_F(GzipTest, ReadsWhatItHolds) {
    append("a.log.gz", packed("one\ntwo\nunended"));
    start();
    ASSERT_TRUE(sees({"one", "two", "unended"}));
    EXPECT_EQ(sink_.kept()[1].position, 4U);
    EXPECT_TRUE(eventually([&] { return source_->progress().at(0).settled == 15; }));
}

TEST_F(GzipTest, LeavesCompressedFilesOutWhereNoIncludeAsksForThem) {
    options_.include = {path("*")};
    append("a.log.gz", packed("one\n"));
    append("b.log", "two\n");
    start();
    ASSERT_TRUE(sees({"two"}));
    EXPECT_EQ(source_->progress().size(), 1U);
}

TEST_F(GzipTest, ReadsSeveralMembersAndMoreThanABlock) {
    const Texts first = random_lines(20'000, 100);
    const Texts second = random_lines(3'000, 2'000);
    append("a.gz", packed(joined(first)));
    append("a.gz", packed(joined(second)));
    append("a.gz", std::string(512, '\0'));
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == first.size() + second.size(); }));
    Texts expected = first;
    expected.insert(expected.end(), second.begin(), second.end());
    EXPECT_TRUE(sink_.texts() == expected);
    for (const std::size_t capacity : sink_.capacities()) EXPECT_LE(capacity, std::size_t{600'000});
}

TEST_F(GzipTest, ReadsTinyRecordsWithoutHoldingMoreThanABlock) {
    append("a.gz", packed(joined(Texts(300'000, "x"))));
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 300'000; }));
    for (const std::size_t capacity : sink_.capacities()) EXPECT_LE(capacity, std::size_t{600'000});
}

TEST_F(GzipTest, KeepsTheBeginningOfAnOversizedRecord) {
    append("a.gz", packed("one\n" + std::string(3'000'000, 'x') + "\ntwo\n"));
    start();
    ASSERT_TRUE(sees({"one", std::string(4096, 'x'), "two"}));
    EXPECT_EQ(sink_.kept()[1].oversized, 3'000'000U);
}

TEST_F(GzipTest, WaitsForTheRestOfAFileThatIsStillBeingWritten) {
    const Texts lines = random_lines(5'000, 100);
    const std::string bytes = packed(joined(lines));
    append("a.gz", bytes.substr(0, bytes.size() / 2));
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() > 1000; }));
    append("a.gz", bytes.substr(bytes.size() / 2));
    ASSERT_TRUE(eventually([&] { return sink_.count() == lines.size(); }));
    EXPECT_TRUE(sink_.texts() == lines);
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(GzipTest, GivesUpABrokenFileOnce) {
    std::string bytes = packed(joined(random_lines(5'000, 100)));
    bytes.replace(bytes.size() / 2, 100, std::string(100, '\xFF'));
    append("a.gz", bytes);
    append("b.gz", "this is no gzip file\n");
    start();
    ASSERT_TRUE(eventually([&] { return source_->lost_bytes() > 0; }));
    append("c.log", "fine\n");
    ASSERT_TRUE(eventually([&] { return sink_.texts_of(path("c.log")) == Texts{"fine"}; }));
    EXPECT_TRUE(sink_.texts_of(path("b.gz")).empty());
}

TEST_F(GzipTest, ContinuesInTheMiddleAfterARestart) {
    const Texts lines = random_lines(50'000, 100);
    sink_.hold();
    append("a.gz", packed(joined(lines)));
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == lines.size(); }));
    sink_.settle_some(30'000);
    crash();
    sink_.settle_at_once();
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == lines.size() + 20'000; }));
    const auto kept = sink_.kept();
    EXPECT_EQ(kept[lines.size()].text, lines[30'000]);
    EXPECT_EQ(kept[lines.size()].position, kept[30'000].position);
    EXPECT_EQ(kept[lines.size()].origin->generation, kept[30'000].origin->generation);
    restart();
    append("b.log", "other\n");
    ASSERT_TRUE(eventually([&] { return sink_.texts_of(path("b.log")).size() == 1; }));
    EXPECT_TRUE(mark_of("a.gz").finished);
    EXPECT_EQ(sink_.count(), lines.size() + 20'001);
}

TEST_F(GzipTest, DoesNotReadTwiceWhatWasReadBeforeItWasCompressed) {
    const Texts lines = random_lines(100, 100);
    append("a.log", joined(lines));
    start();
    ASSERT_TRUE(sees(lines));
    fs::rename(path("a.log"), path("a.log.1"));
    append("a.log", "new\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 101; }));
    compress("a.log.1");
    ASSERT_TRUE(eventually([&] { return mark_of("a.log.1.gz").finished; }));
    restart();
    append("a.log", "last\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 102; }));
    EXPECT_TRUE(mark_of("a.log.1.gz").finished);
}

TEST_F(GzipTest, ReadsOnInTheCompressedCopyWhatWasNotReadBefore) {
    options_.include = {path("*.log")};
    const Texts lines = random_lines(100, 100);
    append("a.log", joined({lines.begin(), lines.begin() + 60}));
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 60; }));
    const std::string generation = sink_.kept()[0].origin->generation;
    stop();
    append("a.log", joined({lines.begin() + 60, lines.end()}));
    fs::rename(path("a.log"), path("a.log.1"));
    compress("a.log.1");
    append("a.log", "new\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 101; }));
    EXPECT_EQ(sink_.texts_of(path("a.log.1.gz")), Texts(lines.begin() + 60, lines.end()));
    EXPECT_EQ(sink_.kept().back().origin->generation, generation);
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(GzipTest, ReadsOnInACompressedCopyThatWasMadeWhileItWasDown) {
    options_.include = {path("*.log")};
    append("a.log", "one\ntwo\n");
    start();
    ASSERT_TRUE(sees({"one", "two"}));
    stop();
    append("a.log", "three\n");
    fs::copy_file(path("a.log"), path("a.log.1"));
    fs::resize_file(path("a.log"), 0);
    append("a.log", "new\n");
    compress("a.log.1");
    start();
    ASSERT_TRUE(sees({"one", "two", "new", "three"}));
    EXPECT_EQ(sink_.kept()[3].origin->generation, sink_.kept()[0].origin->generation);
    EXPECT_EQ(sink_.kept()[3].position, 8U);
}

TEST_F(GzipTest, ReadsOnlyTheCompressedFileOnThatHoldsWhatWasRead) {
    const std::string same = std::string(2'000, 'x') + "\n";
    append("a.log", same + "one\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 2; }));
    stop();
    fs::remove(path("a.log"));
    append("a.log.1.gz", packed(same + "another and one more\n"));
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 4; }));
    EXPECT_EQ(sink_.texts().back(), "another and one more");
    EXPECT_NE(sink_.kept()[3].origin->generation, sink_.kept()[0].origin->generation);
}

TEST_F(GzipTest, ReadsACompressedFileThatOnlyBeginsLikeAnother) {
    const std::string same = std::string(2'000, 'x') + "\n";
    append("a.log", same + "one\n");
    start();
    ASSERT_TRUE(eventually([&] { return sink_.count() == 2; }));
    append("b.log.gz", packed(same + "another\n"));
    ASSERT_TRUE(eventually([&] { return sink_.count() == 4; }));
    EXPECT_EQ(sink_.texts().back(), "another");
}

TEST_F(GzipTest, SkipsWhatTheVeryFirstScanFindsWhereToldToStartAtTheEnd) {
    options_.start_at = SourceOptions::StartAt::End;
    append("a.gz", packed("old\n"));
    start();
    ASSERT_TRUE(eventually([&] { return positions_.scanned_before("test"); }));
    append("b.gz", packed("new\n"));
    ASSERT_TRUE(sees({"new"}));
    restart();
    append("c.gz", packed("newer\n"));
    ASSERT_TRUE(sees({"new", "newer"}));
}

TEST_F(GzipTest, IsReadByOneShotSources) {
    options_.follow = false;
    options_.include = {path("*.gz")};
    append("a.gz", packed("one\ntwo"));
    const std::string whole = packed(joined(random_lines(5'000, 100)));
    append("b.gz", whole.substr(0, whole.size() / 2));
    start();
    ASSERT_TRUE(finished());
    EXPECT_EQ(sink_.texts_of(path("a.gz")), (Texts{"one", "two"}));
    EXPECT_EQ(source_->unreadable(), 1U);
}

}  // namespace
}  // namespace aep::source
