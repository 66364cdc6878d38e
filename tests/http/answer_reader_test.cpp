#include "http/answer_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/error.hpp"

namespace aep::http {
namespace {

/// Feeds a text in pieces of `step` bytes, and the end of the stream behind it where asked to.
struct Read {
    Read(std::string_view text, std::size_t step, bool end = false) {
        for (std::size_t at = 0; at < text.size() && ok; at += step) {
            const auto fed = reader.feed(text.substr(at, step));
            ok = fed.has_value();
            if (!ok) error = fed.error();
        }
        if (ok && end) {
            const auto ended = reader.feed_end();
            ok = ended.has_value();
            if (!ok) error = ended.error();
        }
    }
    AnswerReader reader;
    bool ok = true;
    base::Error error;
};

class AnswerInPieces : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Of, AnswerInPieces, testing::Values(1U, 2U, 7U, 100'000U));

TEST_P(AnswerInPieces, WithALengthIsRead) {
    Read read{"HTTP/1.1 207 Multi-Status\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nhello", GetParam()};
    ASSERT_TRUE(read.ok && read.reader.done());
    EXPECT_TRUE(read.reader.keeps_alive());
    const Answer answer = read.reader.take();
    EXPECT_EQ(answer.status, 207);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.retry_after, "7");
}

TEST_P(AnswerInPieces, InChunksIsRead) {
    Read read{
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
        GetParam()};
    ASSERT_TRUE(read.ok && read.reader.done()) << read.error.message;
    EXPECT_EQ(read.reader.take().body, "hello world");
}

TEST_P(AnswerInPieces, BehindInterimOnesIsRead) {
    Read read{
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 "
        "Busy\r\nContent-Length: 0\r\n\r\n",
        GetParam()};
    ASSERT_TRUE(read.ok && read.reader.done()) << read.error.message;
    EXPECT_EQ(read.reader.take().status, 503);
}

TEST_P(AnswerInPieces, ThatEndsWithTheConnectionIsRead) {
    Read read{"HTTP/1.0 200 OK\r\n\r\nhello", GetParam(), true};
    ASSERT_TRUE(read.ok && read.reader.done()) << read.error.message;
    EXPECT_FALSE(read.reader.keeps_alive());
    EXPECT_EQ(read.reader.take().body, "hello");
}

TEST_P(AnswerInPieces, CutShortIsNoAnswer) {
    for (const char* text : {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
        Read read{text, GetParam(), true};
        EXPECT_FALSE(read.ok) << text;
        EXPECT_EQ(read.error.code, Errc::Closed) << text;
    }
}

TEST_P(AnswerInPieces, LargerThanItsBoundsIsRefused) {
    EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", GetParam()).error.code,
              Errc::BadAnswer);
    EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", GetParam()).error.code,
              Errc::BadAnswer);
}

TEST(AnswerReader, TakesAHeadOfSixtyKibibytes) {
    Read read{"HTTP/1.1 200 OK\r\nX: " + std::string(60'000, 'x') + "\r\nContent-Length: 0\r\n\r\n", 1000};
    EXPECT_TRUE(read.ok && read.reader.done());
}

TEST(AnswerReader, RefusesWhatIsNotHttp) {
    for (const char* text :
         {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/2 200\r\n\r\n", "{\"json\":\"in place of HTTP\"}\r\n\r\n"}) {
        EXPECT_EQ(Read(text, 1000).error.code, Errc::BadAnswer) << text;
    }
}

TEST(AnswerReader, StopsAtInterimAnswersWithoutEnd) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_EQ(Read(text, 1000).error.code, Errc::BadAnswer);
}

TEST(AnswerReader, TellsACompressedBody) {
    Read read{"HTTP/1.1 207 X\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 1000};
    ASSERT_TRUE(read.reader.done());
    EXPECT_TRUE(read.reader.take().encoded);
}

TEST(AnswerReader, DoesNotKeepAConnectionThatSaysMoreThanItsAnswer) {
    Read read{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", 1000};
    ASSERT_TRUE(read.reader.done());
    EXPECT_FALSE(read.reader.keeps_alive());
}

TEST(AnswerReader, RefusesAHeadWithoutEnd) {
    AnswerReader reader;
    ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\n"));
    const std::string line = "X-Padding: " + std::string(1000, 'x') + "\r\n";
    std::size_t lines = 0;
    while (lines < 1000 && reader.feed(line)) ++lines;
    EXPECT_GE(lines, 60U);
    EXPECT_LE(lines, 66U) << "64 KiB";
}

}  // namespace
}  // namespace aep::http
