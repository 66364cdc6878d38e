#include "source/framer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace aep::source {
namespace {

using record::Block;

/// One record as a codec would see it.
struct Seen {
    std::uint64_t position = 0;
    std::string bytes;
    std::uint64_t oversized = 0;
    friend bool operator==(const Seen&, const Seen&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
        return out << seen.position << ":\"" << seen.bytes << "\"/" << seen.oversized;
    }
};

/// A reader of a text that comes in pieces: keeps what is incomplete, as the sources do.
class Feeder {
  public:
    Feeder(Framing framing, std::size_t max_record) : framer_{framing, max_record, 0} {}

    void feed(std::string_view piece, bool last = false) {
        carry_ += piece;
        do {
            cut(last);
        } while (framer_.more());
    }
    /// As feed(), but looks first.
    void look_and_feed(std::string_view piece) {
        if (!carry_.empty() && framer_.absorb(piece)) {
            carry_ += piece;
        } else {
            feed(piece);
        }
    }
    [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }
    [[nodiscard]] const Framer& framer() const { return framer_; }
    [[nodiscard]] std::size_t held() const { return carry_.size(); }
    [[nodiscard]] std::size_t blocks() const { return blocks_; }

  private:
    void cut(bool last) {
        Block block{nullptr, carry_.size() + framer_.tail_room(), {}};
        std::memcpy(block.data(), carry_.data(), carry_.size());
        block.size = carry_.size();
        const std::uint64_t begin = framer_.resume_at();
        framer_.cut(block, last);
        ++blocks_;
        for (const record::RecordSpan& span : block.records) {
            seen_.push_back({span.position, std::string{block.bytes_of(span)}, span.oversized});
        }
        EXPECT_LE(block.size, block.capacity());
        EXPECT_EQ(block.end_position, framer_.yielded_to());
        carry_.erase(0, static_cast<std::size_t>(framer_.resume_at() - begin));
    }

    Framer framer_;
    std::string carry_;
    std::vector<Seen> seen_;
    std::size_t blocks_ = 0;
};

std::vector<Seen> whole(Framing framing, std::string_view text, std::size_t max_record = 1000) {
    Feeder feeder{framing, max_record};
    feeder.feed(text, true);
    if (feeder.framer().broken() || feeder.framer().within_frame()) return feeder.seen();
    EXPECT_FALSE(feeder.framer().unfinished());
    EXPECT_EQ(feeder.framer().resume_at(), text.size());
    return feeder.seen();
}

std::vector<std::string> texts(Framing framing, std::string_view text, std::size_t max_record = 1000) {
    std::vector<std::string> all;
    for (const Seen& seen : whole(framing, text, max_record)) all.push_back(seen.bytes);
    return all;
}

using Texts = std::vector<std::string>;
using Records = std::vector<Seen>;

TEST(NewlineFraming, CutsAtLineEnds) {
    EXPECT_EQ(whole(Framing::Newline, "a\nbc\n"), (Records{{0, "a"}, {2, "bc"}}));
}

TEST(NewlineFraming, TakesOneReturnBeforeTheLineEndAway) {
    EXPECT_EQ(texts(Framing::Newline, "a\r\nb\r\r\nc\rd\n"), (Texts{"a", "b\r", "c\rd"}));
}

TEST(NewlineFraming, PassesOverBlankLines) {
    EXPECT_EQ(whole(Framing::Newline, "\n  \t\r\na\n\n\r\n b \n \n"), (Records{{6, "a"}, {11, " b "}}));
}

TEST(NewlineFraming, KeepsZeroBytes) {
    using namespace std::string_literals;
    EXPECT_EQ(texts(Framing::Newline, "a\0b\n\0\n"s), (Texts{"a\0b"s, "\0"s}));
}

TEST(NewlineFraming, PassesOverAByteOrderMarkOnlyAtTheBeginning) {
    EXPECT_EQ(whole(Framing::Newline,
                    "\xEF\xBB\xBF"
                    "a\n\xEF\xBB\xBF"
                    "b\n"),
              (Records{{3, "a"},
                       {5,
                        "\xEF\xBB\xBF"
                        "b"}}));
    EXPECT_EQ(texts(Framing::Newline, "\xEF\xBB\xBF\n"), Texts{});
}

TEST(NewlineFraming, WaitsForTheLineEndUntilTheReaderEnds) {
    Feeder feeder{Framing::Newline, 100};
    feeder.feed("a\nbc");
    EXPECT_EQ(feeder.seen(), (Records{{0, "a"}}));
    EXPECT_EQ(feeder.framer().resume_at(), 2U);
    EXPECT_TRUE(feeder.framer().unfinished());
    feeder.feed("d", true);
    EXPECT_EQ(feeder.seen(), (Records{{0, "a"}, {2, "bcd"}}));
}

TEST(NewlineFraming, AcceptsExactlyMaxRecord) {
    EXPECT_EQ(whole(Framing::Newline, "12345\r\n123456\r\n", 5),
              (Records{{0, "12345", 0}, {7, "123456", 6}}));
}

TEST(NewlineFraming, SkipsAnOversizedRecordWithoutHoldingIt) {
    Feeder feeder{Framing::Newline, 10'000};
    feeder.feed("a\n");
    std::string text;
    for (int i = 0; i < 1000; ++i) {
        feeder.feed("0123456789abcdef");
        EXPECT_LE(feeder.held(), 10'032U);
    }
    EXPECT_EQ(feeder.held(), 0U);
    EXPECT_EQ(feeder.framer().yielded_to(), 2U);
    feeder.feed("\r\nb\n");
    ASSERT_EQ(feeder.seen().size(), 3U);
    EXPECT_EQ(feeder.seen()[1].position, 2U);
    EXPECT_EQ(feeder.seen()[1].oversized, 16'000U);
    EXPECT_EQ(feeder.seen()[1].bytes.size(), record::kOversizedKept);
    EXPECT_EQ(feeder.seen()[1].bytes.substr(0, 18), "0123456789abcdef01");
    EXPECT_EQ(feeder.seen()[2], (Seen{16'004, "b"}));
}

TEST(NewlineFraming, PutsABoundedNumberOfRecordsIntoABlock) {
    std::string text;
    for (std::size_t i = 0; i < Framer::kMaxRecords * 2 + 5; ++i) text += "x\n";
    Feeder feeder{Framing::Newline, 100};
    feeder.feed(text);
    EXPECT_EQ(feeder.seen().size(), Framer::kMaxRecords * 2 + 5);
    EXPECT_EQ(feeder.blocks(), 3U);
}

TEST(NewlineFraming, LooksAtALongLineOnlyOnce) {
    Framer framer{Framing::Newline, 1000, 0};
    Block block{nullptr, 10, {}};
    std::memcpy(block.data(), "abc", 3);
    block.size = 3;
    framer.cut(block, false);
    EXPECT_TRUE(framer.absorb("def"));
    EXPECT_EQ(framer.scanned(), 6U);
    EXPECT_EQ(framer.resume_at(), 0U);
    EXPECT_FALSE(framer.absorb("gh\nij"));
    EXPECT_EQ(framer.scanned(), 6U);
}

TEST(JsonFraming, CutsValuesThatFollowEachOther) {
    EXPECT_EQ(whole(Framing::Json, "{\"a\":1}{\"b\":2}\n {\"c\":\n3}\r\n,{}"),
              (Records{{0, "{\"a\":1}"}, {7, "{\"b\":2}"}, {16, "{\"c\":\n3}"}, {27, "{}"}}));
}

TEST(JsonFraming, YieldsTheElementsOfTopLevelArrays) {
    EXPECT_EQ(texts(Framing::Json, "[{\"a\":1}, {\"b\":[1,{}]},[2],3,null,\"s\"]\n[{\"c\":1}]{\"d\":1}"),
              (Texts{"{\"a\":1}", "{\"b\":[1,{}]}", "[2]", "3", "null", "\"s\"", "{\"c\":1}", "{\"d\":1}"}));
    EXPECT_EQ(texts(Framing::Json, " [ ] [\n]\n"), Texts{});
}

TEST(JsonFraming, IsNotMisledByStrings) {
    const Texts values{R"({"a":"}"})", R"({"\"}{":"\\"})", R"({"c":"[\\\"]}"})", R"("{[\"")"};
    std::string text;
    for (const std::string& value : values) text += value;
    EXPECT_EQ(texts(Framing::Json, text), values);
}

TEST(JsonFraming, MakesScalarsRecordsOfTheirOwn) {
    EXPECT_EQ(texts(Framing::Json, "1 -2.5e3,true\nfalse null\"a b\" 7"),
              (Texts{"1", "-2.5e3", "true", "false", "null", "\"a b\"", "7"}));
}

TEST(JsonFraming, MakesGarbageARecordOfItsOwn) {
    EXPECT_EQ(texts(Framing::Json, "hello world {\"a\":1}}\n]\n{\"b\":2} : x[{\"c\":3},@,?]"),
              (Texts{"hello world ", "{\"a\":1}", "}", "]", "{\"b\":2}", ": x", "{\"c\":3}", "@", "?"}));
}

TEST(JsonFraming, PassesOverAByteOrderMark) {
    EXPECT_EQ(whole(Framing::Json, "\xEF\xBB\xBF{\"a\":1}"), (Records{{3, "{\"a\":1}"}}));
    EXPECT_EQ(whole(Framing::Json, "\xEF\xBB\xBF[{}]"), (Records{{4, "{}"}}));
}

TEST(JsonFraming, EndsABrokenStringAtTheLineEnd) {
    EXPECT_EQ(texts(Framing::Json, "{\"a\":\"torn\n{\"b\":1}\n"), (Texts{"{\"a\":\"torn", "{\"b\":1}"}));
    EXPECT_EQ(texts(Framing::Json, "{\"a\":\"torn\\\n{\"b\":1}\n"), (Texts{"{\"a\":\"torn\\", "{\"b\":1}"}));
}

TEST(JsonFraming, EndsATornValueWhereALineBeginsWithTheNext) {
    EXPECT_EQ(texts(Framing::Json, "{\"a\":{\"x\":1\n{\"b\":1}\n{\"c\":1}"),
              (Texts{"{\"a\":{\"x\":1\n", "{\"b\":1}", "{\"c\":1}"}));
    EXPECT_EQ(texts(Framing::Json, "[{\"a\":1}\n[{\"b\":1}]\n"), (Texts{"{\"a\":1}", "{\"b\":1}"}));
}

TEST(JsonFraming, LetsValuesBeginOnLinesOfTheirOwnInsideOfARecord) {
    const std::string pretty = "{\n \"a\":\n {\n \"b\": [\n {},\n [\n]\n ]\n }\n}";
    EXPECT_EQ(texts(Framing::Json, pretty), (Texts{pretty}));
    EXPECT_EQ(texts(Framing::Json, "[\n" + pretty + ",\n" + pretty + "\n,\n[1]]"),
              (Texts{pretty, pretty, "[1]"}));
}

TEST(JsonFraming, SkipsAnOversizedValueToItsEnd) {
    const std::string big = "{\"a\":[" + std::string(500, '1') + "],\"}\":{}}";
    const Records seen = whole(Framing::Json, "[{},\n" + big + ",{\"b\":1}]", 100);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[1], (Seen{5, big, big.size()}));
    EXPECT_EQ(seen[2].bytes, "{\"b\":1}");
}

TEST(JsonFraming, YieldsAnUnfinishedValueWhenTheReaderEnds) {
    EXPECT_EQ(texts(Framing::Json, "{\"a\":1} {\"b\":"), (Texts{"{\"a\":1}", "{\"b\":"}));
}

// The property that all of the framer's state is for.

std::vector<std::string> samples() {
    using namespace std::string_literals;
    return {
        "a\nbc\r\n\r\n  \nd",
        "\xEF\xBB\xBF"
        "line\r\n\0\n\xEF\xBB"s,
        "short\n" + std::string(40, 'x') + "\r\n" + std::string(17, 'y') + "\r\r\nz",
        std::string(50, ' ') + "\nq\n" + std::string(18, ' ') + "\r\n",
        "\xEF\xBB\xBF" + std::string(15, 'b') + "\r\n" + std::string(60, 'c'),
        R"([{"a":"]}\"\\"},[1,[2]],"s\"",tru,17.5e3] {"b":{}} @@ x {"c":1}} ] nul)",
        "[{\"a\":\"torn\n{\"b\":1},\n{\"c\":{\"d\":1\n{\"e\":[\n1]}\n[{\"f\":1}] :garbage,]\n\"t",
        "\xEF\xBB\xBF[" + std::string(30, '9') + ",{\"k\":\"" + std::string(30, '\\') + "\"}]",
    };
}

Records in_two(Framing framing, std::string_view text, std::size_t at, std::size_t max_record) {
    Feeder feeder{framing, max_record};
    feeder.feed(text.substr(0, at));
    feeder.feed(text.substr(at), true);
    return feeder.seen();
}

TEST(Framer, GivesTheSameRecordsHoweverTheBytesAreSplit) {
    for (const std::string& text : samples()) {
        for (const Framing framing :
             {Framing::Newline, Framing::Json, Framing::OctetCounting, Framing::Auto}) {
            const Records expected = whole(framing, text, 16);
            for (std::size_t at = 0; at <= text.size(); ++at) {
                EXPECT_EQ(in_two(framing, text, at, 16), expected) << text << " split at " << at;
            }
            Feeder single{framing, 16};
            for (const char c : text) single.look_and_feed({&c, 1});
            single.feed("", true);
            EXPECT_EQ(single.seen(), expected) << text;
        }
    }
}

TEST(Framer, GivesTheSameRecordsForRandomTextInRandomPieces) {
    constexpr std::string_view kAlphabet = "{}[]\",:\\ \r\n\t1ta\xEF\xBB\xBF";
    std::mt19937 random{20240131};
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
    };
    for (int round = 0; round < 20'000; ++round) {
        std::string text(below(60), '\0');
        for (char& c : text) c = kAlphabet[below(kAlphabet.size())];
        constexpr std::array kFramings{Framing::Newline, Framing::Json, Framing::OctetCounting,
                                       Framing::Auto};
        const Framing framing = kFramings[below(kFramings.size())];
        const std::size_t max_record = 1 + below(20);
        Feeder pieces{framing, max_record};
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t size = std::min(text.size() - at, 1 + below(9));
            pieces.look_and_feed(std::string_view{text}.substr(at, size));
            at += size;
        }
        pieces.feed("", true);
        ASSERT_EQ(pieces.seen(), whole(framing, text, max_record)) << text;
    }
}

TEST(Framer, LosesNoByteThatIsNotASeparator) {
    constexpr std::string_view kAlphabet = "{}[]\",:\\ \n1ta@";
    std::mt19937 random{7};
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
    };
    for (int round = 0; round < 20'000; ++round) {
        std::string text(below(60), '\0');
        for (char& c : text) c = kAlphabet[below(kAlphabet.size())];
        std::string left = text;
        for (const Seen& seen : whole(Framing::Json, text)) {
            ASSERT_EQ(text.substr(static_cast<std::size_t>(seen.position), seen.bytes.size()), seen.bytes);
            left.replace(static_cast<std::size_t>(seen.position), seen.bytes.size(), seen.bytes.size(), ' ');
        }
        ASSERT_EQ(left.find_first_not_of(" \n,[]"), std::string::npos) << text;
    }
}

TEST(OctetCounting, TakesWhatTheCountSays) {
    EXPECT_EQ(whole(Framing::OctetCounting, "2 {}10 {\"a\":\n1, }3 x\ny"),
              (Records{{2, "{}"}, {7, "{\"a\":\n1, }"}, {19, "x\ny"}}));
}

TEST(OctetCounting, LeavesOutOneLineEndThatWasCounted) {
    EXPECT_EQ(whole(Framing::OctetCounting, "3 {}\n4 {}\r\n4 a\n\n\n1 \n"),
              (Records{{2, "{}"}, {7, "{}"}, {13, "a\n\n"}}));
}

TEST(OctetCounting, IsBrokenByWhatIsNoCount) {
    for (const char* text : {"x", "0 ", "01 a", " 1 a", "1x", "1\n", "-1 a", "1234567890 a", "2 {}\n2 {}"}) {
        Feeder feeder{Framing::OctetCounting, 100};
        for (const char* c = text; *c != '\0'; ++c) feeder.feed({c, 1});
        EXPECT_TRUE(feeder.framer().broken()) << text;
        EXPECT_EQ(feeder.seen().size(), text[0] == '2' ? 1U : 0U) << text;
    }
}

TEST(OctetCounting, MakesNoRecordOfAFrameThatIsCutOff) {
    for (const char* text : {"5 {}", "5 ", "5", "100 {}", "999999999 {}"}) {
        Feeder feeder{Framing::OctetCounting, 50};
        feeder.feed(text);
        EXPECT_TRUE(feeder.framer().within_frame()) << text;
        EXPECT_FALSE(feeder.framer().end_completes()) << text;
        feeder.feed("", true);
        EXPECT_TRUE(feeder.seen().empty()) << text;
    }
    Feeder complete{Framing::OctetCounting, 50};
    complete.feed("2 {}");
    EXPECT_FALSE(complete.framer().within_frame());
}

TEST(OctetCounting, SkipsAnOversizedFrameAndGoesOn) {
    const std::string big(10'000, 'b');
    EXPECT_EQ(whole(Framing::OctetCounting, "10000 " + big + "2 {}", 100),
              (Records{{6, big.substr(0, 4096), 10'000}, {10'008, "{}", 0}}));
}

TEST(AutoFraming, TellsFramesFromLinesByTheirFirstByte) {
    EXPECT_EQ(whole(Framing::Auto, "{\"a\":1}\n2 {}\n\r\n {}\n10 {\n       }<13>x\n5 a\nb\ncrest"),
              (Records{{0, "{\"a\":1}"},
                       {10, "{}"},
                       {16, "{}"},
                       {22, "{\n       }"},
                       {32, "<13>x"},
                       {40, "a\nb\nc"},
                       {45, "rest"}}));
}

}  // namespace
}  // namespace aep::source
