#include "delivery/verdict.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/utf8.hpp"

namespace aep::delivery {
namespace {

namespace dom = simdjson::dom;
using Fate = MessageVerdict::Fate;
using Kind = Verdict::Kind;

/// Of the inlet's words, so much is kept.
constexpr std::size_t kMostWords = 2048;

std::string bounded(std::string_view words) {
    return base::to_utf8(words.substr(0, kMostWords));
}

/// A status as a number or as a numeric string: both occur.
std::optional<int> read_status(const dom::element& value) {
    std::int64_t number = 0;
    if (value.get(number) == simdjson::SUCCESS) {
        return std::in_range<int>(number) ? std::optional{static_cast<int>(number)} : std::nullopt;
    }
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
    int parsed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return parsed;
}

Fate fate_of(int status) {
    switch (status) {
        case 401:
        case 403:
        case 407:
        case 408:
        case 425:
        case 429:
        case 502:
        case 503:
        case 504:
            return Fate::SendAgain;
        default:
            break;
    }
    if (status >= 200 && status < 300) return Fate::Settled;
    if (status >= 400 && status < 500) return Fate::Refused;
    return status >= 500 && status < 600 ? Fate::Failed : Fate::SendAgain;
}

/// Nothing where the entry's status cannot be read.
std::optional<MessageVerdict> read_entry(const dom::element& entry) {
    dom::object members;
    if (entry.get(members) != simdjson::SUCCESS) return std::nullopt;
    MessageVerdict verdict;
    for (const auto member : members) {
        if (member.key == "status" || member.key == "statusCode") {
            const auto status = read_status(member.value);
            if (!status) return std::nullopt;
            if (fate_of(*status) != Fate::Settled) {
                verdict.fate = fate_of(*status);
                verdict.status = *status;
            }
        } else if (member.key == "message") {
            std::string_view words;
            if (member.value.get(words) == simdjson::SUCCESS) verdict.words = bounded(words);
        }
    }
    if (verdict.fate == Fate::Refused && verdict.words.empty())
        verdict.words = bounded(simdjson::minify(entry));
    return verdict;
}

/// The number behind the last '-' or ':' of an entry's id.
std::optional<std::size_t> id_suffix(const dom::element& entry) {
    std::string_view id;
    if (entry["xactionId"].get(id) != simdjson::SUCCESS) return std::nullopt;
    const std::size_t mark = id.find_last_of("-:");
    if (mark == std::string_view::npos) return std::nullopt;
    const std::string_view digits = id.substr(mark + 1);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

/// The message that each entry speaks of: by id suffix where those are a permutation, else by position.
std::vector<std::size_t> pair_up(const dom::array& entries, std::size_t count) {
    std::vector<std::size_t> by_position(count);
    std::vector<std::size_t> by_suffix(count);
    std::vector<bool> taken(count);
    bool permutation = true;
    std::size_t i = 0;
    for (const dom::element entry : entries) {
        by_position[i] = i;
        const auto suffix = permutation ? id_suffix(entry) : std::nullopt;
        permutation = suffix && *suffix < count && !taken[*suffix];
        if (permutation) {
            taken[*suffix] = true;
            by_suffix[i] = *suffix;
        }
        ++i;
    }
    return permutation ? by_suffix : by_position;
}

Verdict unproven(int status, std::string why) {
    return {
        .kind = Kind::Unproven, .status = status, .words = std::move(why), .held_reason = "", .messages = {}};
}

std::string held_reason(int status) {
    switch (status) {
        case 401:
            return "unauthorized";
        case 403:
            return "forbidden";
        case 404:
            return "not_found";
        case 407:
            return "proxy_unauthorized";
        default:
            break;
    }
    return status / 100 == 3 ? "redirected" : fmt::format("status_{}", status);
}

}  // namespace

Verdict verdict_of_status(int status, std::string words) {
    Verdict verdict{
        .kind = Kind::Held, .status = status, .words = std::move(words), .held_reason = "", .messages = {}};
    switch (status) {
        case 400:
        case 422:
            verdict.kind = Kind::Refused;
            break;
        case 408:
        case 425:
        case 502:
        case 503:
        case 504:
            verdict.kind = Kind::Busy;
            break;
        case 413:
            verdict.kind = Kind::TooLarge;
            break;
        case 429:
            verdict.kind = Kind::Throttled;
            break;
        case 500:
            verdict.kind = Kind::ServerError;
            break;
        default:
            verdict.held_reason = held_reason(status);
            break;
    }
    return verdict;
}

struct Judge::Impl {
    [[nodiscard]] Verdict judge_success(const http::Answer& answer, std::size_t count);
    [[nodiscard]] std::string words_of(const http::Answer& answer);

    Answers answers;
    dom::parser parser;
};

Judge::Judge(Answers answers) : impl_{std::make_unique<Impl>()} {
    impl_->answers = answers;
}

Judge::~Judge() = default;

Verdict Judge::judge(const http::Answer& answer, std::size_t messages) {
    const int status = answer.status;
    if (status >= 200 && status < 300) return impl_->judge_success(answer, messages);
    std::string words = impl_->words_of(answer);
    if (status / 100 == 3 && !answer.location.empty()) words = "it points to " + bounded(answer.location);
    return verdict_of_status(status, std::move(words));
}

Verdict Judge::Impl::judge_success(const http::Answer& answer, std::size_t count) {
    if (answers == Answers::Any2xx) {
        return {.kind = Kind::AllSettled,
                .status = answer.status,
                .words = "",
                .held_reason = "",
                .messages = {}};
    }
    if (answer.encoded)
        return unproven(answer.status, "its body is compressed in a way that nobody asked for");
    dom::element document;
    dom::array entries;
    if (parser.parse(answer.body).get(document) != simdjson::SUCCESS) {
        return unproven(answer.status, "its body is not JSON");
    }
    if (document["responses"].get(entries) != simdjson::SUCCESS) {
        return unproven(answer.status, "it has no `responses`");
    }
    std::vector<MessageVerdict> in_order;
    in_order.reserve(count);
    bool all_settled = true;
    for (const dom::element entry : entries) {
        auto verdict = read_entry(entry);
        if (!verdict) return unproven(answer.status, "an entry of `responses` cannot be read");
        all_settled = all_settled && verdict->fate == Fate::Settled;
        in_order.push_back(std::move(*verdict));
    }
    if (in_order.size() != count) {
        return unproven(answer.status,
                        fmt::format("`responses` has {} entries for {} messages", in_order.size(), count));
    }
    Verdict result{
        .kind = Kind::AllSettled, .status = answer.status, .words = "", .held_reason = "", .messages = {}};
    if (all_settled) return result;
    result.kind = Kind::PerMessage;
    result.messages.resize(count);
    const std::vector<std::size_t> message_of = pair_up(entries, count);
    for (std::size_t i = 0; i < count; ++i) result.messages[message_of[i]] = std::move(in_order[i]);
    return result;
}

/// Where AEP's services put their words: report.message, detail, message, title; else the body's beginning.
std::string Judge::Impl::words_of(const http::Answer& answer) {
    dom::element document;
    if (!answer.encoded && parser.parse(answer.body).get(document) == simdjson::SUCCESS) {
        for (const char* pointer : {"/report/message", "/detail", "/message", "/title"}) {
            std::string_view words;
            if (document.at_pointer(pointer).get(words) == simdjson::SUCCESS) return bounded(words);
        }
    }
    return answer.encoded ? "" : bounded(answer.body);
}

std::optional<AnswerDetails> read_details(std::string_view body, std::size_t messages) {
    dom::parser parser;
    dom::element document;
    dom::array entries;
    if (parser.parse(body).get(document) != simdjson::SUCCESS) return std::nullopt;
    if (document["responses"].get(entries) != simdjson::SUCCESS || entries.size() != messages) {
        return std::nullopt;
    }
    AnswerDetails details;
    std::string_view text;
    if (document["batchId"].get(text) == simdjson::SUCCESS) details.batch_id = text;
    details.messages.resize(messages);
    const std::vector<std::size_t> message_of = pair_up(entries, messages);
    std::size_t i = 0;
    for (const dom::element entry : entries) {
        AnswerDetails::Message& message = details.messages[message_of[i++]];
        if (entry["xactionId"].get(text) == simdjson::SUCCESS) message.xaction_id = text;
        for (const char* key : {"status", "statusCode"}) {
            dom::element status;
            if (entry[key].get(status) == simdjson::SUCCESS) message.status = read_status(status).value_or(0);
        }
    }
    return details;
}

}  // namespace aep::delivery
