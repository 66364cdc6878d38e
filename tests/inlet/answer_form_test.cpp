#include <gmock/gmock.h>

#include <string>

#include "inlet/response.hpp"

namespace aep::inlet {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Rendered render_as(AnswerForm form) {
    Response response;
    response.body = R"({"responses":[]})";
    return render(response, true, false, form);
}

TEST(AnswerForm, IsAnAnswerOfHttp11UsuallyAndKeepsTheConnection) {
    const Rendered right = render_as(AnswerForm::Right);
    EXPECT_EQ(right.text,
              "HTTP/1.1 200 OK\r\nContent-Length: 16\r\nContent-Type: application/json\r\n\r\n"
              R"({"responses":[]})");
    EXPECT_FALSE(right.closes);
}

TEST(AnswerForm, CanBeUnusualButRight) {
    EXPECT_THAT(render_as(AnswerForm::Interim).text, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103"));
    EXPECT_THAT(render_as(AnswerForm::Gzip).text, HasSubstr("Content-Encoding: gzip\r\n"));
    EXPECT_THAT(render_as(AnswerForm::Chunked).text, HasSubstr("10;part=1\r\n{\"responses\":[]}\r\n0\r\n"));
    EXPECT_THAT(render_as(AnswerForm::Http10).text, StartsWith("HTTP/1.0 200 OK\r\n"));
    const Rendered until_close = render_as(AnswerForm::UntilClose);
    EXPECT_TRUE(until_close.closes);
    EXPECT_THAT(until_close.text, Not(HasSubstr("Content-Length")));
    const Rendered large = render_as(AnswerForm::LargeHead);
    EXPECT_GT(large.text.size(), 60'000U);
    EXPECT_LT(large.text.size(), 65'536U);
}

TEST(AnswerForm, CanBeBroken) {
    const Rendered truncated = render_as(AnswerForm::Truncated);
    EXPECT_TRUE(truncated.closes && truncated.abrupt);
    EXPECT_THAT(truncated.text, testing::EndsWith("{\"respon"));
    EXPECT_GT(render_as(AnswerForm::HugeHead).text.size(), 65'536U);
    EXPECT_GT(render_as(AnswerForm::HugeBody).text.size(), 4U << 20U);
    EXPECT_THAT(render_as(AnswerForm::NotHttp).text, Not(HasSubstr("HTTP")));
}

}  // namespace
}  // namespace aep::inlet
