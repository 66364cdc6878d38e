#include "inlet/fault.hpp"

#include <date/date.h>
#include <fmt/format.h>
#include <simdjson.h>

#include "base/clock.hpp"

namespace aep::inlet {
namespace {

using simdjson::dom::element;

constexpr int kLowestStatus = 200;
constexpr int kHighestStatus = 599;
constexpr std::uint64_t kLongestMs = 86'400'000;
constexpr std::uint64_t kNoLimit = UINT64_MAX;

Response status_answer(const FaultOptions& fault) {
    Response response = problem(*fault.status, "Fault", "the local inlet was told to answer so");
    if (fault.empty_body || *fault.status == 204 || *fault.status == 304) response.body.clear();
    if (!fault.retry_after) return response;
    if (fault.retry_after_date) {
        const auto when = date::floor<std::chrono::seconds>(base::WallClock::now()) + *fault.retry_after;
        response.headers = date::format("Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", when);
    } else {
        response.headers = fmt::format("Retry-After: {}\r\n", fault.retry_after->count());
    }
    return response;
}

bool hits(std::uint64_t count, std::uint64_t every) {
    return every != 0 && count % every == 0;
}

base::Error wrong(std::string_view key, std::string_view expected) {
    return base::Error{fmt::format("fault: `{}` must be {}", key, expected)};
}

base::Result<std::uint64_t> number(std::string_view key, const element& value, std::uint64_t least,
                                   std::uint64_t most) {
    std::uint64_t found = 0;
    if (value.get(found) == simdjson::SUCCESS && found >= least && found <= most) return found;
    return wrong(key,
                 most == kNoLimit ? "a whole number" : fmt::format("a number from {} to {}", least, most));
}

base::Result<> read_switch(std::string_view key, const element& value, bool& into) {
    if (value.get(into) == simdjson::SUCCESS) return {};
    return wrong(key, "true or false");
}

template <class T>
base::Result<> read_number(std::string_view key, const element& value, std::uint64_t least,
                           std::uint64_t most, T& into) {
    const auto found = number(key, value, least, most);
    if (!found) return found.error();
    into = T{static_cast<typename T::rep>(*found)};
    return {};
}

base::Result<> read_count(std::string_view key, const element& value, std::uint64_t& into) {
    const auto found = number(key, value, 0, kNoLimit);
    if (!found) return found.error();
    into = *found;
    return {};
}

base::Result<> read_status(std::string_view key, const element& value, FaultOptions& fault) {
    const auto found = number(key, value, kLowestStatus, kHighestStatus);
    if (!found) return found.error();
    fault.status = static_cast<int>(*found);
    return {};
}

base::Result<> read_member(std::string_view key, const element& value, FaultOptions& fault) {
    if (key == "status") return read_status(key, value, fault);
    if (key == "retry_after") {
        return read_number(key, value, 0, kLongestMs / 1000, fault.retry_after.emplace());
    }
    if (key == "retry_after_date") return read_switch(key, value, fault.retry_after_date);
    if (key == "empty_body") return read_switch(key, value, fault.empty_body);
    if (key == "status_first") return read_count(key, value, fault.status_first);
    if (key == "refuse_every") return read_count(key, value, fault.refuse_every);
    if (key == "delay_ms") return read_number(key, value, 0, kLongestMs, fault.delay);
    if (key == "stall") return read_switch(key, value, fault.stall);
    if (key == "drop_answer_every") return read_count(key, value, fault.drop_answer_every);
    if (key == "short_answer") return read_switch(key, value, fault.short_answer);
    return base::Error{fmt::format(
        "fault: unknown key `{}`; there are status, retry_after, retry_after_date, empty_body, status_first, "
        "refuse_every, delay_ms, stall, drop_answer_every, short_answer",
        key)};
}

}  // namespace

void FaultControl::set(const FaultOptions& options) {
    const std::lock_guard lock{mutex_};
    options_ = options;
    requests_ = 0;
    messages_ = 0;
}

FaultOptions FaultControl::options() const {
    const std::lock_guard lock{mutex_};
    return options_;
}

FaultControl::Plan FaultControl::next_request() {
    const std::lock_guard lock{mutex_};
    ++requests_;
    Plan plan;
    plan.delay = options_.delay;
    plan.stall = options_.stall;
    plan.drop_answer = hits(requests_, options_.drop_answer_every);
    plan.short_answer = options_.short_answer;
    const bool due = options_.status_first == 0 || requests_ <= options_.status_first;
    if (options_.status && due) plan.instead = status_answer(options_);
    return plan;
}

bool FaultControl::refuses_next_message() {
    const std::lock_guard lock{mutex_};
    return hits(++messages_, options_.refuse_every);
}

base::Result<FaultOptions> parse_fault(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::object members;
    if (parser.parse(json.data(), json.size(), true).get(members) != simdjson::SUCCESS) {
        return base::Error{R"(fault: not a JSON object; send one such as {"status":503,"retry_after":1})"};
    }
    FaultOptions fault;
    for (const auto& [key, value] : members) {
        const auto read = read_member(key, value, fault);
        if (!read) return read.error();
    }
    return fault;
}

std::string format_fault(const FaultOptions& fault) {
    std::string text = "{";
    if (fault.status) text += fmt::format(R"("status":{},)", *fault.status);
    if (fault.retry_after) text += fmt::format(R"("retry_after":{},)", fault.retry_after->count());
    return text + fmt::format(R"("retry_after_date":{},"empty_body":{},"status_first":{},"refuse_every":{},)"
                              R"("delay_ms":{},"stall":{},"drop_answer_every":{},"short_answer":{}}})",
                              fault.retry_after_date, fault.empty_body, fault.status_first,
                              fault.refuse_every, fault.delay.count(), fault.stall, fault.drop_answer_every,
                              fault.short_answer);
}

}  // namespace aep::inlet
