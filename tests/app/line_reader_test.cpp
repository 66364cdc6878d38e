#include "app/line_reader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace aep::app {
namespace {

/// What a reader makes of these bytes, which arrive in pieces of so many.
std::vector<std::pair<std::uint64_t, std::string>> lines(const std::string& bytes,
                                                         std::size_t piece = 1U << 16U) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    std::thread writer{[&] {
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            const std::size_t size = std::min(piece, bytes.size() - at);
            for (std::size_t done = 0; done < size;) {
                const ssize_t count = ::write(ends[1], bytes.data() + at + done, size - done);
                if (count <= 0) break;
                done += static_cast<std::size_t>(count);
            }
        }
        ::close(ends[1]);
    }};
    LineReader reader{ends[0], "pipe", true};
    std::vector<std::pair<std::uint64_t, std::string>> found;
    while (reader.fill()) {
        while (const auto line = reader.next()) found.emplace_back(line->number, line->text);
    }
    EXPECT_FALSE(reader.error());
    writer.join();
    return found;
}

using Lines = std::vector<std::pair<std::uint64_t, std::string>>;

TEST(LineReader, NumbersLinesAndPassesOverBlankOnes) {
    const std::string bytes = "\xEF\xBB\xBF{\"a\":1}\n\n \t\r\n2\r\nthree";
    const Lines expected{{1, "{\"a\":1}"}, {4, "2"}, {5, "three"}};
    EXPECT_EQ(lines(bytes), expected);
    EXPECT_EQ(lines(bytes, 1), expected) << "byte by byte";
    EXPECT_EQ(lines(bytes + "\n"), expected);
}

TEST(LineReader, OfNothingIsNothing) {
    EXPECT_EQ(lines(""), Lines{});
    EXPECT_EQ(lines("\n\n"), Lines{});
}

TEST(LineReader, TakesLinesOfManyMegabytes) {
    const std::string large(5U << 20U, 'x');
    const Lines expected{{1, "a"}, {2, large}, {3, "b"}};
    EXPECT_EQ(lines("a\n" + large + "\nb\n"), expected);
}

TEST(LineReader, SaysWhatCannotBeOpened) {
    const auto reader = LineReader::open("/nowhere/file.ndjson");
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().message, "cannot open /nowhere/file.ndjson: No such file or directory");
}

}  // namespace
}  // namespace aep::app
