#include "xdm/schema_inference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

#include "xdm/dom_view.hpp"
#include "xdm/json.hpp"
#include "xdm/validate_view.hpp"

namespace aep::xdm {
namespace {

/// Calls `use` with the record's view, whichever parser can read it.
template <class Use>
void with_view(const std::string& record, const Use& use) {
    simdjson::dom::parser parser;
    simdjson::dom::element value;
    if (parser.parse(record).get(value) == simdjson::SUCCESS) return use(DomView{value});
    JsonLimits limits;
    limits.refuse_duplicates = false;
    const auto document = JsonDocument::parse(record, limits);
    ASSERT_TRUE(document.has_value()) << record;
    use(document->view());
}

/// What is proposed from these records.
class Proposed {
  public:
    explicit Proposed(const std::vector<std::string>& records) {
        SchemaInference inference;
        for (const std::string& record : records) {
            with_view(record, [&](const auto& view) { inference.add(view); });
        }
        proposal_ = inference.propose();
        root_ = parser_.parse(proposal_.schema).value();
    }

    /// The value at a JSON pointer of the schema, minified; empty where it has none.
    [[nodiscard]] std::string at(const std::string& pointer) const {
        simdjson::dom::element found;
        if (root_.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "";
        return simdjson::minify(found);
    }
    [[nodiscard]] const std::string& schema() const { return proposal_.schema; }
    [[nodiscard]] const std::vector<std::string>& notes() const { return proposal_.notes; }

  private:
    SchemaInference::Proposal proposal_;
    simdjson::dom::parser parser_;
    simdjson::dom::element root_;
};

TEST(SchemaInference, TellsTypesAndFormats) {
    const Proposed proposed{{R"({"i":5,"l":3000000000,"n":1.5,"m":[1,2.5],"b":true,"s":"x","o":{"p":"q"},)"
                             R"("at":"2026-01-31T12:00:00Z","day":"2026-01-31","mail":"a@b.example",)"
                             R"("link":"https://shop.example/a?b=c"})"}};
    EXPECT_EQ(proposed.at("/type"), "\"object\"");
    EXPECT_EQ(proposed.at("/properties/i/meta:xdmType"), "\"int\"");
    EXPECT_EQ(proposed.at("/properties/i/maximum"), "2147483647");
    EXPECT_EQ(proposed.at("/properties/l/meta:xdmType"), "\"long\"");
    EXPECT_EQ(proposed.at("/properties/l/maximum"), "9007199254740991");
    EXPECT_EQ(proposed.at("/properties/n/type"), "\"number\"");
    EXPECT_EQ(proposed.at("/properties/m/items/type"), "\"number\"");
    EXPECT_EQ(proposed.at("/properties/b/type"), "\"boolean\"");
    EXPECT_EQ(proposed.at("/properties/s/type"), "\"string\"");
    EXPECT_EQ(proposed.at("/properties/o/properties/p/type"), "\"string\"");
    EXPECT_EQ(proposed.at("/properties/at/format"), "\"date-time\"");
    EXPECT_EQ(proposed.at("/properties/at/meta:xdmType"), "\"date-time\"");
    EXPECT_EQ(proposed.at("/properties/day/meta:xdmType"), "\"date\"");
    EXPECT_EQ(proposed.at("/properties/mail/format"), "\"email\"");
    EXPECT_EQ(proposed.at("/properties/link/format"), "\"uri\"");
    EXPECT_TRUE(proposed.notes().empty());
}

TEST(SchemaInference, RequiresWhatEveryRecordHas) {
    const Proposed proposed{{R"({"a":1,"b":{"x":1}})", R"({"a":1,"b":{"x":1,"y":2}})", R"({"a":1})"}};
    EXPECT_EQ(proposed.at("/required"), R"(["a"])");
    EXPECT_EQ(proposed.at("/properties/b/required"), R"(["x"])");
    EXPECT_EQ(proposed.at("/properties/b/meta:evidence/count"), "2");
    EXPECT_EQ(proposed.at("/properties/b/meta:evidence/of"), "3");
}

TEST(SchemaInference, AKeyThatStandsTwiceInOneRecordDoesNotCountForAnother) {
    EXPECT_EQ(Proposed({R"({"a":1,"a":2})", R"({"b":1})"}).at("/required"), "");
}

TEST(SchemaInference, SuggestsTheFewValuesOfMany) {
    std::vector<std::string> records;
    for (int i = 0; i < 10; ++i) {
        records.push_back(R"({"level":")" + std::string{i % 2 == 0 ? "Gold" : "Silver"} + R"(","name":"n)" +
                          std::to_string(i) + "\"}");
    }
    const Proposed proposed{records};
    EXPECT_EQ(proposed.at("/properties/level/meta:enum"), R"({"Gold":"Gold","Silver":"Silver"})");
    EXPECT_EQ(proposed.at("/properties/level/enum"), "") << "suggestions never refuse";
    EXPECT_EQ(proposed.at("/properties/name/meta:enum"), "");
}

TEST(SchemaInference, KeysThatAreDataMakeAMap) {
    const Proposed numbers{{R"({"stock":{"1001":5,"1002":7}})"}};
    EXPECT_EQ(numbers.at("/properties/stock/meta:xdmType"), "\"map\"");
    EXPECT_EQ(numbers.at("/properties/stock/additionalProperties/type"), "\"integer\"");
    EXPECT_EQ(numbers.at("/properties/stock/properties"), "");

    const Proposed identities{{R"({"identityMap":{"Email":[{"id":"a@b.example","primary":true}]}})"}};
    EXPECT_EQ(identities.at("/properties/identityMap/meta:xdmType"), "\"map\"");
    EXPECT_EQ(identities.at("/properties/identityMap/additionalProperties/items/properties/primary/type"),
              "\"boolean\"");

    std::vector<std::string> records;
    for (int i = 0; i < 100; ++i) {
        records.push_back(R"({"tags":{"t)" + std::to_string(i) + R"(x":"v"}})");
    }
    EXPECT_EQ(Proposed(records).at("/properties/tags/meta:xdmType"), "\"map\"")
        << "seldom twice the same key";
}

TEST(SchemaInference, MixedTypesAndNullsAreNoted) {
    const Proposed proposed{{R"({"a":1,"b":null,"_id":7})", R"({"a":"x","b":2,"_id":8})"}};
    EXPECT_EQ(proposed.at("/properties/a/type"), R"(["string","integer"])");
    EXPECT_EQ(proposed.at("/properties/b/type"), R"(["integer","null"])");
    EXPECT_THAT(proposed.notes(),
                testing::ElementsAre(testing::HasSubstr("/_id: AEP takes only strings"),
                                     testing::HasSubstr("/a: mixed types: 1 string, 1 integer"),
                                     testing::HasSubstr("/b: null in 1 of 2")));
}

TEST(SchemaInference, IntegersThatXdmCannotHoldHaveNoXdmType) {
    const Proposed proposed{{R"({"a":9007199254740993,"b":18446744073709551615})"}};
    EXPECT_EQ(proposed.at("/properties/a/meta:xdmType"), "");
    EXPECT_EQ(proposed.at("/properties/b/meta:xdmType"), "");
    EXPECT_EQ(proposed.notes().size(), 2U);
}

TEST(SchemaInference, MemoryIsBoundedByFreeFormObjects) {
    SchemaInference inference;
    simdjson::dom::parser parser;
    for (int record = 0; record < 300; ++record) {
        std::string text = "{\"k" + std::to_string(record) + "\":{";
        for (int key = 0; key < 290; ++key) {
            text += (key == 0 ? "\"f" : ",\"f") + std::to_string(record * 290 + key) + "\":[[{\"x\":1}]]";
        }
        inference.add(DomView{parser.parse(text + "}}").value()});
    }
    const SchemaInference::Proposal proposal = inference.propose();
    EXPECT_LT(proposal.schema.size(), 20'000'000U);
    EXPECT_THAT(proposal.notes, testing::Contains(testing::HasSubstr("too many different keys")));
}

TEST(SchemaInference, EscapesKeys) {
    const Proposed proposed{{R"({"a\"b/c~d":{"\u0001":null}})"}};
    EXPECT_EQ(proposed.at("/properties/a\"b~1c~0d/properties/\x01/type"), "\"null\"");
    EXPECT_THAT(proposed.notes(), testing::ElementsAre(testing::HasSubstr("/a\"b~1c~0d/")));
}

/// Makes records of a few shapes with everything that JSON has.
class RecordMaker {
  public:
    explicit RecordMaker(unsigned seed) : random_{seed} {}

    std::string object(int depth) {
        std::string text = "{";
        const unsigned members = below(6);
        for (unsigned i = 0; i < members; ++i) text += (i == 0 ? "" : ",") + key() + ":" + value(depth + 1);
        return text + "}";
    }

  private:
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

    std::string key() {
        static const std::vector<std::string> kKeys{"a",     "b",       "c", "identityMap", "1001", "1002",
                                                    "x/y~z", "\\u0001", ""};
        return "\"" + kKeys[below(static_cast<unsigned>(kKeys.size()))] + "\"";
    }

    std::string value(int depth) {
        static const std::vector<std::string> kScalars{"null",
                                                       "true",
                                                       "false",
                                                       "0",
                                                       "-7",
                                                       "2147483648",
                                                       "9007199254740992",
                                                       "18446744073709551615",
                                                       "1.0",
                                                       "1e300",
                                                       "1e400",
                                                       "18446744073709551616",
                                                       "-9223372036854775809",
                                                       "\"\"",
                                                       "\"x\"",
                                                       "\"2026-01-31T12:00:00Z\"",
                                                       "\"2026-01-31\"",
                                                       "\"a@b.example\"",
                                                       "\"a@b.example.\"",
                                                       "\"https://a.example/b?c#d\"",
                                                       "\"https://a.example:x/\"",
                                                       "\"2026-02-30\"",
                                                       "\"\\ud83d\\ude00\""};
        constexpr int kDeepest = 4;
        if (depth < kDeepest && below(3) == 0) return object(depth);
        if (depth < kDeepest && below(4) == 0) {
            std::string text = "[";
            const unsigned items = below(4);
            for (unsigned i = 0; i < items; ++i) text += (i == 0 ? "" : ",") + value(depth + 1);
            return text + "]";
        }
        return kScalars[below(static_cast<unsigned>(kScalars.size()))];
    }

    std::minstd_rand random_;
};

TEST(SchemaInference, LearnsFromNumbersThatFitNoMachineType) {
    const Proposed proposed{{R"({"i":123456789012345678901234567890,"n":1e999,"only_here":1})"}};
    EXPECT_EQ(proposed.at("/properties/i/type"), "\"integer\"");
    EXPECT_EQ(proposed.at("/properties/i/maximum"), "");
    EXPECT_EQ(proposed.at("/properties/n/type"), "\"number\"");
    EXPECT_EQ(proposed.at("/properties/only_here/type"), "\"integer\"");
    EXPECT_THAT(proposed.notes(), testing::Contains(testing::StartsWith("/i: integers beyond 2^53")));
}

TEST(SchemaInference, TheSamplesAreValidAgainstTheProposal) {
    constexpr unsigned kRounds = 300;
    for (unsigned round = 1; round <= kRounds; ++round) {
        RecordMaker maker{round};
        std::vector<std::string> records;
        for (unsigned i = 0; i < 1 + round % 40; ++i) records.push_back(maker.object(0));
        const std::string schema = Proposed(records).schema();
        const std::vector<SchemaText> texts{{"proposed.json", schema}};
        const LoadedSchema loaded = load_schema(texts);
        ASSERT_TRUE(loaded.schema) << loaded.errors.front().line() << "\n" << schema;
        Validator validator{loaded.schema};
        Report report;
        for (const std::string& record : records) {
            with_view(record, [&](const auto& view) {
                ASSERT_TRUE(validator.validate_view(view, report))
                    << report.violations().front().line() << "\n"
                    << record << "\n"
                    << schema;
            });
        }
    }
}

}  // namespace
}  // namespace aep::xdm
