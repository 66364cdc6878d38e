#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_text.hpp"
#include "inlet/fault.hpp"

namespace aep::inlet {
namespace {

using simdjson::dom::element;
using Drop = FaultRule::Drop;

constexpr int kLowestStatus = 200;
constexpr int kHighestStatus = 599;
constexpr std::uint64_t kLongestMs = 86'400'000;
constexpr std::uint64_t kNoLimit = UINT64_MAX;
constexpr std::string_view kKeys =
    "after_ms, for_ms, first, every, share, status, retry_after, retry_after_date, empty_body, refuse_every, "
    "refuse_status, delay_ms, stall, drop, answer";

constexpr std::array kDrops{std::pair{"before", Drop::Before}, std::pair{"during", Drop::During},
                            std::pair{"after", Drop::After}};
constexpr std::array kForms{std::pair{"short", AnswerForm::Short},
                            std::pair{"long", AnswerForm::Long},
                            std::pair{"no_responses", AnswerForm::NoResponses},
                            std::pair{"not_json", AnswerForm::NotJson},
                            std::pair{"truncated", AnswerForm::Truncated},
                            std::pair{"not_http", AnswerForm::NotHttp},
                            std::pair{"large_head", AnswerForm::LargeHead},
                            std::pair{"huge_head", AnswerForm::HugeHead},
                            std::pair{"huge_body", AnswerForm::HugeBody},
                            std::pair{"interim", AnswerForm::Interim},
                            std::pair{"gzip", AnswerForm::Gzip},
                            std::pair{"chunked", AnswerForm::Chunked},
                            std::pair{"until_close", AnswerForm::UntilClose},
                            std::pair{"http_1_0", AnswerForm::Http10},
                            std::pair{"slow", AnswerForm::Slow}};

base::Error wrong(std::string_view key, std::string_view expected) {
    return base::Error{fmt::format("fault: `{}` must be {}", key, expected)};
}

base::Result<> read_number(std::string_view key, const element& value, std::uint64_t least,
                           std::uint64_t most, std::uint64_t& into) {
    if (value.get(into) == simdjson::SUCCESS && into >= least && into <= most) return {};
    return wrong(key,
                 most == kNoLimit ? "a whole number" : fmt::format("a number from {} to {}", least, most));
}

template <class Duration>
base::Result<> read_time(std::string_view key, const element& value, std::uint64_t most, Duration& into) {
    std::uint64_t found = 0;
    auto read = read_number(key, value, 0, most, found);
    if (read) into = Duration{static_cast<typename Duration::rep>(found)};
    return read;
}

base::Result<> read_status(std::string_view key, const element& value, int& into) {
    std::uint64_t found = 0;
    auto read = read_number(key, value, kLowestStatus, kHighestStatus, found);
    if (read) into = static_cast<int>(found);
    return read;
}

base::Result<> read_switch(std::string_view key, const element& value, bool& into) {
    if (value.get(into) == simdjson::SUCCESS) return {};
    return wrong(key, "true or false");
}

base::Result<> read_share(std::string_view key, const element& value, double& into) {
    if (value.get(into) == simdjson::SUCCESS && into > 0 && into <= 1) return {};
    return wrong(key, "a number above 0 and at most 1");
}

template <class Words, class T>
base::Result<> read_word(std::string_view key, const element& value, const Words& words, T& into) {
    std::string_view text;
    std::string all;
    const bool is_text = value.get(text) == simdjson::SUCCESS;
    for (const auto& [word, meaning] : words) {
        if (is_text && text == word) {
            into = meaning;
            return {};
        }
        all += (all.empty() ? "" : ", ") + std::string{word};
    }
    return wrong(key, "one of " + all);
}

base::Result<> read_when(std::string_view key, const element& value, FaultRule& rule) {
    if (key == "after_ms") return read_time(key, value, kLongestMs, rule.after);
    if (key == "for_ms") return read_time(key, value, kLongestMs, rule.lasts.emplace());
    if (key == "first") return read_number(key, value, 0, kNoLimit, rule.first);
    if (key == "every") return read_number(key, value, 1, kNoLimit, rule.every);
    if (key == "share") return read_share(key, value, rule.share);
    return base::Error{fmt::format("fault: unknown key `{}`; there are {}", key, kKeys)};
}

base::Result<> read_member(std::string_view key, const element& value, FaultRule& rule) {
    if (key == "status") return read_status(key, value, rule.status.emplace());
    if (key == "retry_after") return read_time(key, value, kLongestMs / 1000, rule.retry_after.emplace());
    if (key == "retry_after_date") return read_switch(key, value, rule.retry_after_date);
    if (key == "empty_body") return read_switch(key, value, rule.empty_body);
    if (key == "refuse_every") return read_number(key, value, 0, kNoLimit, rule.refuse_every);
    if (key == "refuse_status") return read_status(key, value, rule.refuse_status);
    if (key == "delay_ms") return read_time(key, value, kLongestMs, rule.delay);
    if (key == "stall") return read_switch(key, value, rule.stall);
    if (key == "drop") return read_word(key, value, kDrops, rule.drop);
    if (key == "answer") return read_word(key, value, kForms, rule.answer);
    return read_when(key, value, rule);
}

base::Result<FaultRule> read_rule(const element& value) {
    simdjson::dom::object members;
    if (value.get(members) != simdjson::SUCCESS) return base::Error{"fault: a rule must be an object"};
    FaultRule rule;
    for (const auto& [key, member] : members) {
        const auto read = read_member(key, member, rule);
        if (!read) return read.error();
    }
    return rule;
}

template <class Words, class T>
std::string_view word_of(const Words& words, T meaning) {
    const auto found = std::ranges::find_if(words, [&](const auto& pair) { return pair.second == meaning; });
    return found == words.end() ? std::string_view{} : std::string_view{found->first};
}

std::string format_rule(const FaultRule& rule) {
    const FaultRule usual;
    std::string text;
    const auto add = [&text](bool there, std::string_view key, const auto& value) {
        if (there) text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", key, value);
    };
    const auto word = [](std::string_view value) { return fmt::format("\"{}\"", value); };
    add(rule.after != usual.after, "after_ms", rule.after.count());
    add(rule.lasts.has_value(), "for_ms", rule.lasts.value_or(usual.after).count());
    add(rule.first != usual.first, "first", rule.first);
    add(rule.every != usual.every, "every", rule.every);
    add(rule.share != usual.share, "share", rule.share);
    add(rule.status.has_value(), "status", rule.status.value_or(0));
    add(rule.retry_after.has_value(), "retry_after",
        rule.retry_after.value_or(std::chrono::seconds{0}).count());
    add(rule.retry_after_date, "retry_after_date", true);
    add(rule.empty_body, "empty_body", true);
    add(rule.refuse_every != usual.refuse_every, "refuse_every", rule.refuse_every);
    add(rule.refuse_status != usual.refuse_status, "refuse_status", rule.refuse_status);
    add(rule.delay != usual.delay, "delay_ms", rule.delay.count());
    add(rule.stall, "stall", true);
    add(rule.drop != usual.drop, "drop", word(word_of(kDrops, rule.drop)));
    add(rule.answer != usual.answer, "answer", word(word_of(kForms, rule.answer)));
    return "{" + text + "}";
}

/// `text` as a JSON value: what is no number and no switch is a string.
std::string as_json(std::string_view text) {
    const bool bare = text == "true" || text == "false" ||
                      (!text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos);
    if (bare) return std::string{text};
    std::string quoted;
    base::append_json_string(quoted, text);
    return quoted;
}

}  // namespace

base::Result<std::vector<FaultRule>> parse_faults(std::string_view json) {
    simdjson::dom::parser parser;
    element document;
    const base::Error bad{
        R"(fault: not a JSON object or list of them; send one such as {"status":503,"retry_after":1})"};
    if (parser.parse(json.data(), json.size(), true).get(document) != simdjson::SUCCESS) return bad;
    if (!document.is_array() && !document.is_object()) return bad;
    std::vector<element> values;
    simdjson::dom::array list;
    if (document.get(list) == simdjson::SUCCESS) {
        values.assign(list.begin(), list.end());
    } else {
        values.push_back(document);
    }
    std::vector<FaultRule> rules;
    for (const element& value : values) {
        auto rule = read_rule(value);
        if (!rule) return rule.error();
        rules.push_back(*rule);
    }
    return rules;
}

std::string format_faults(const std::vector<FaultRule>& rules) {
    std::string text;
    for (const FaultRule& rule : rules) text += (text.empty() ? "" : ",") + format_rule(rule);
    return "[" + text + "]";
}

base::Result<FaultRule> parse_fault_argument(std::string_view text) {
    std::string json;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find(','));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        const std::size_t equals = pair.find('=');
        json += json.empty() ? "{" : ",";
        base::append_json_string(json, pair.substr(0, equals));
        json += ":" + as_json(equals == std::string_view::npos ? "true" : pair.substr(equals + 1));
    }
    const auto rules = parse_faults(json + "}");
    if (!rules) return rules.error();
    return rules->front();
}

}  // namespace aep::inlet
