#include "app/letter_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aep::app {
namespace {

using testing::HasSubstr;

store::StoredLetter letter() {
    store::StoredLetter letter;
    letter.time = "2026-01-31T12:00:00.123Z";
    letter.code = "refused";
    letter.reason = "the inlet refused it with status 400";
    letter.stream = "events";
    letter.status = 400;
    letter.position = 1234;
    return letter;
}

bool matches(const std::vector<std::string>& terms) {
    const auto filter = LetterFilter::parse(terms);
    EXPECT_TRUE(filter) << filter.error().message;
    return filter && filter->matches(letter());
}

std::string fault(const std::string& term) {
    const auto filter = LetterFilter::parse({term});
    return filter ? "" : filter.error().message;
}

TEST(LetterFilter, ChoosesAllWithoutATerm) {
    EXPECT_TRUE(matches({}));
}

TEST(LetterFilter, ComparesText) {
    EXPECT_TRUE(matches({"code=refused"}));
    EXPECT_FALSE(matches({"code=refuse"}));
    EXPECT_TRUE(matches({"code!=gave_up"}));
    EXPECT_TRUE(matches({"reason~with status"}));
    EXPECT_FALSE(matches({"reason~timestamp"}));
    EXPECT_TRUE(matches({"source="}));
}

TEST(LetterFilter, ComparesNumbersByTheirValue) {
    EXPECT_TRUE(matches({"status>=99"}));
    EXPECT_TRUE(matches({"status=0400"}));
    EXPECT_FALSE(matches({"position<999"}));
    EXPECT_TRUE(matches({"position>999"}));
}

TEST(LetterFilter, ComparesTimesAsFarAsTheyGo) {
    EXPECT_TRUE(matches({"time=2026-01-31"}));
    EXPECT_TRUE(matches({"time=2026"}));
    EXPECT_TRUE(matches({"time<=2026-01-31"}));
    EXPECT_FALSE(matches({"time<2026-01-31"}));
    EXPECT_FALSE(matches({"time>2026-01-31"}));
    EXPECT_TRUE(matches({"time>2026-01-30"}));
    EXPECT_TRUE(matches({"time=2026-01-31T12:00:00Z"}));
    EXPECT_TRUE(matches({"time<2026-01-31T12:00:01Z"}));
    EXPECT_TRUE(matches({"time=2026-01-31T12:00:00.123Z"}));
    EXPECT_FALSE(matches({"time>2026-01-31T12:00:00.123Z"}));
}

TEST(LetterFilter, WantsAllTermsToHold) {
    EXPECT_TRUE(matches({"code=refused", "status=400"}));
    EXPECT_FALSE(matches({"code=refused", "status=422"}));
}

TEST(LetterFilter, SaysWhatIsWrongAndWhatIsRight) {
    EXPECT_THAT(fault("cod=refused"), HasSubstr("no field 'cod'; did you mean 'code'?"));
    EXPECT_THAT(fault("nonsense=refused"), HasSubstr("the fields are: time, "));
    EXPECT_THAT(fault("refused"), HasSubstr("is not FIELD OP VALUE, such as code=refused"));
    EXPECT_THAT(fault("=refused"), HasSubstr("is not FIELD OP VALUE"));
    EXPECT_THAT(fault("code!refused"), HasSubstr("the operators are"));
    EXPECT_THAT(fault("status=many"), HasSubstr("whole number"));
    EXPECT_THAT(fault("status~4"), HasSubstr("whole number"));
    EXPECT_THAT(fault("time<yesterday"), HasSubstr("'yesterday' is no time such as 2026-01-31"));
    EXPECT_THAT(fault("time<31.01.2026"), HasSubstr("is no time"));
}

}  // namespace
}  // namespace aep::app
