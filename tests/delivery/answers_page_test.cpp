#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "delivery/verdict.hpp"

/// config/ANSWERS.md and the code say the same.
namespace aep::delivery {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream input{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{input}, {}};
}

const std::string& page() {
    static const std::string kText = contents(fs::path{AEP_SOURCE_DIR} / "config" / "ANSWERS.md");
    return kText;
}

/// What the first group of `pattern` matches in the sources of this room.
std::set<std::string> found_in_code(const std::string& pattern) {
    std::set<std::string> found;
    const std::regex expression{pattern};
    for (const auto& entry : fs::directory_iterator{fs::path{AEP_SOURCE_DIR} / "agent" / "delivery"}) {
        const std::string text = contents(entry.path());
        for (std::sregex_iterator at{text.begin(), text.end(), expression}; at != std::sregex_iterator{};
             ++at)
            found.insert((*at)[1]);
    }
    return found;
}

/// The cells of the table row that begins with `first`.
std::vector<std::string> row_of(const std::string& first) {
    const std::size_t begin = page().find("\n| " + first + " |");
    if (begin == std::string::npos) return {};
    std::vector<std::string> cells;
    std::istringstream line{page().substr(begin + 2, page().find('\n', begin + 1) - begin - 2)};
    for (std::string cell; std::getline(line, cell, '|');) cells.push_back(cell);
    return cells;
}

TEST(AnswersPage, NamesEveryCodeThatDeliveryLogs) {
    const std::set<std::string> codes =
        found_in_code(R"rx((?:log::(?:warn|error|info)|failing)\(\s*"([a-z_0-9]+)")rx");
    EXPECT_GE(codes.size(), 10U) << "the pattern does not find them any more";
    for (const std::string& code : codes)
        EXPECT_THAT(page(), testing::HasSubstr("`" + code + "`")) << "what does an operator do about it?";
}

TEST(AnswersPage, NamesEveryReasonToHoldAndEveryDeadLetter) {
    std::set<std::string> words = found_in_code(R"rx(return "([a-z]+(?:_[a-z]+)*)";)rx");
    words.merge(found_in_code(R"rx(held\("([a-z_]+)")rx"));
    words.merge(found_in_code(R"rx((?:isolate|refuse)\([^"]*"([a-z_]+)")rx"));
    EXPECT_GE(words.size(), 6U) << testing::PrintToString(words);
    for (const std::string& word : words) EXPECT_THAT(page(), testing::HasSubstr("`" + word + "`"));
}

TEST(AnswersPage, HasTheRowThatTheCodeActsOn) {
    const std::map<Verdict::Kind, std::string> codes{
        {Verdict::Kind::Busy, "`inlet_busy`"},          {Verdict::Kind::Throttled, "`inlet_throttles`"},
        {Verdict::Kind::ServerError, "`inlet_error`"},  {Verdict::Kind::Refused, "`request_refused`"},
        {Verdict::Kind::TooLarge, "`request_refused`"}, {Verdict::Kind::Held, "`destination_held`"}};
    std::size_t rows = 0;
    for (int status = 300; status < 600; ++status) {
        const Verdict verdict = verdict_of_status(status, "");
        std::vector<std::string> row = row_of(std::to_string(status));
        rows += row.empty() ? 0 : 1;
        if (row.empty()) row = row_of(status < 400 ? "3xx" : "any other");
        ASSERT_GE(row.size(), 5U) << status;
        EXPECT_THAT(row[3], testing::HasSubstr(codes.at(verdict.kind))) << status;
        if (verdict.kind != Verdict::Kind::Held) continue;
        const bool other = verdict.held_reason == fmt::format("status_{}", status);
        EXPECT_THAT(row[4], testing::HasSubstr(other ? "`status_NNN`" : "`" + verdict.held_reason + "`"))
            << status;
    }
    EXPECT_EQ(rows, 14U) << "a row whose status the code does not know";
}

}  // namespace
}  // namespace aep::delivery
