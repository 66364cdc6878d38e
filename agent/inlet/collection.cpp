#include "inlet/collection.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>
#include <iterator>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/random.hpp"
#include "inlet/envelope.hpp"
#include "inlet/rate_limit.hpp"

namespace aep::inlet {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::dom::element;

/// Why a message is not taken.
struct Refusal {
    int status;
    std::string reason;
};

constexpr std::string_view kBadFormat = "Invalid XDM Message Format";

std::int64_t now_ms() {
    const auto since_epoch = base::WallClock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

/// Where an entity's text is, blanks and all: the DOM that checked the request keeps values, not their
/// spelling.
std::optional<std::string_view> entity_text(ondemand::value message, bool raw) {
    std::string_view text;
    ondemand::object entity;
    const auto error =
        raw ? message.get_object().get(entity) : message["body"]["xdmEntity"].get_object().get(entity);
    if (error != simdjson::SUCCESS || entity.raw_json().get(text) != simdjson::SUCCESS) return std::nullopt;
    return text;
}

}  // namespace

struct Collection::Impl {
    Impl(const InletOptions& given, FaultControl& fault_control, Entities& store, Counters& counts,
         TrafficLog& log)
        : options{given},
          fault{fault_control},
          entities{store},
          counters{counts},
          traffic{log},
          limit{given.limits.messages_per_second} {}

    /// Fills `messages`; the value is what is wrong with the request.
    std::optional<std::string> parse(const Call& call, bool batch);
    void check(const Call& call);
    std::optional<Refusal> message_fault(const element& message, const Call& call);
    void take_entities(const Call& call, bool batch);
    /// What on-demand cannot find (a key spelt with an escape) is spelt anew.
    void take_entity(std::size_t index, std::optional<std::string_view> text, bool raw);
    void count();
    Response answer_one(const Call& call) const;
    Response answer_batch(const Call& call) const;
    void append_entry(std::string& out, const std::string& request_id, std::size_t index,
                      const Call& call) const;
    [[nodiscard]] std::string described(const Call& call, std::string_view reason) const;
    Response refuse(const Call& call, std::string_view reason) const;
    Response take(const Call& call, bool batch);

    const InletOptions& options;
    FaultControl& fault;
    Entities& entities;
    Counters& counters;
    TrafficLog& traffic;
    RateLimit limit;
    simdjson::dom::parser checker;
    ondemand::parser locator;
    std::vector<element> messages;               ///< of the request at hand
    std::vector<std::optional<Refusal>> faults;  ///< one for each message
};

std::optional<std::string> Collection::Impl::parse(const Call& call, bool batch) {
    messages.clear();
    if (call.body.empty()) return "the request has no body";
    element whole;
    if (const auto error = checker.parse(call.body.data(), call.body.size(), false).get(whole)) {
        return fmt::format("the body is not valid JSON: {}", simdjson::error_message(error));
    }
    if (!batch) {
        if (!whole.is_object()) return "the body is not a JSON object";
        messages.push_back(whole);
        return std::nullopt;
    }
    simdjson::dom::array all;
    if (whole.at_key("messages").get(all) != simdjson::SUCCESS) return "the body has no array 'messages'";
    messages.assign(all.begin(), all.end());
    return std::nullopt;
}

std::optional<Refusal> Collection::Impl::message_fault(const element& message, const Call& call) {
    if (const auto status = fault.refuses_next_message(*call.plan))
        return Refusal{*status, "the local inlet was told to refuse this message"};
    if (!call.raw) {
        auto reason = envelope_fault(message, options.org_id, options.schema_id);
        if (!reason) return std::nullopt;
        return Refusal{400, std::move(*reason)};
    }
    if (!message.is_object()) return Refusal{400, "the message is not a JSON object"};
    return std::nullopt;
}

void Collection::Impl::check(const Call& call) {
    faults.clear();
    for (const element& message : messages) faults.push_back(message_fault(message, call));
}

void Collection::Impl::take_entity(std::size_t index, std::optional<std::string_view> text, bool raw) {
    if (text) return entities.add(*text);
    element entity = messages[index];
    if (!raw && entity["body"]["xdmEntity"].get(entity) != simdjson::SUCCESS) return;
    entities.add(simdjson::minify(entity));
}

void Collection::Impl::take_entities(const Call& call, bool batch) {
    const std::size_t capacity = call.body.size() + simdjson::SIMDJSON_PADDING;
    std::vector<std::optional<std::string_view>> texts(messages.size());
    ondemand::document document;
    auto error = locator.iterate(call.body.data(), call.body.size(), capacity).get(document);
    ondemand::value whole;
    if (!error) error = document.get_value().get(whole);
    if (!error && !batch) texts[0] = entity_text(whole, call.raw);
    ondemand::array all;
    if (!error && batch && whole["messages"].get_array().get(all) == simdjson::SUCCESS) {
        std::size_t index = 0;
        for (auto item : all) {
            ondemand::value message;
            if (index == messages.size() || item.get(message) != simdjson::SUCCESS) break;
            if (!faults[index]) texts[index] = entity_text(message, call.raw);
            ++index;
        }
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!faults[i]) take_entity(i, texts[i], call.raw);
    }
}

void Collection::Impl::count() {
    std::uint64_t refused = 0;
    for (const auto& reason : faults) refused += reason ? 1 : 0;
    counters.refused += refused;
    counters.accepted += faults.size() - refused;
}

std::string Collection::Impl::described(const Call& call, std::string_view reason) const {
    return fmt::format("inletId: [{}] imsOrgId: [{}] {}", call.inlet_id, options.org_id, reason);
}

Response Collection::Impl::refuse(const Call& call, std::string_view reason) const {
    return problem(400, kBadFormat, described(call, reason));
}

Response Collection::Impl::answer_one(const Call& call) const {
    if (const auto& fault_of_it = faults.front())
        return problem(fault_of_it->status, kBadFormat, described(call, fault_of_it->reason));
    Response response;
    response.body = fmt::format(R"({{"inletId":"{}","xactionId":"{}-0","receivedTimeMs":{}}})", call.inlet_id,
                                base::random_uuid(), now_ms());
    return response;
}

void Collection::Impl::append_entry(std::string& out, const std::string& request_id, std::size_t index,
                                    const Call& call) const {
    const auto to = std::back_inserter(out);
    const auto& refusal = faults[index];
    if (!refusal) {
        fmt::format_to(to, R"({{"xactionId":"{}-{}"}})", request_id, index);
        return;
    }
    if (options.failed_entry == FailedEntry::StatusCode) {
        fmt::format_to(to, R"({{"statusCode":{},"message":)", refusal->status);
    } else {
        fmt::format_to(to, R"({{"status":{},"xactionId":"{}-{}","message":)", refusal->status, request_id,
                       index);
    }
    base::append_json_string(out, described(call, refusal->reason));
    out += '}';
}

Response Collection::Impl::answer_batch(const Call& call) const {
    const std::string request_id = base::random_uuid();
    Response response;
    response.status = 207;
    const AnswerForm form = call.plan->form;
    if (form == AnswerForm::NotJson || form == AnswerForm::NoResponses) {
        response.body = form == AnswerForm::NotJson ? "<html>thanks</html>" : R"({"inletId":"x"})";
        return response;
    }
    response.body = fmt::format(R"({{"inletId":"{}","batchId":"{}","receivedTimeMs":{},"responses":[)",
                                call.inlet_id, request_id, now_ms());
    const std::size_t entries = faults.size() - (form == AnswerForm::Short && !faults.empty() ? 1 : 0);
    for (std::size_t i = 0; i < entries; ++i) {
        if (i != 0) response.body += ',';
        append_entry(response.body, request_id, i, call);
    }
    if (form == AnswerForm::Long) response.body += R"(,{"xactionId":"one-too-many"})";
    response.body += "]}";
    return response;
}

Response Collection::Impl::take(const Call& call, bool batch) {
    if (const auto reason = parse(call, batch)) return refuse(call, *reason);
    if (const auto wait = limit.take(messages.size(), base::SteadyClock::now())) return too_many(*wait);
    traffic.count_messages(messages.size());
    check(call);
    take_entities(call, batch);
    if (const auto committed = entities.commit(); !committed) {
        return problem(503, "Service Unavailable", committed.error().message);
    }
    count();
    return batch ? answer_batch(call) : answer_one(call);
}

Collection::Collection(const InletOptions& options, FaultControl& fault, Entities& entities,
                       Counters& counters, TrafficLog& traffic)
    : impl_{std::make_unique<Impl>(options, fault, entities, counters, traffic)} {}

Collection::~Collection() = default;

Response Collection::take_one(const Call& call) {
    return impl_->take(call, false);
}

Response Collection::take_batch(const Call& call) {
    return impl_->take(call, true);
}

}  // namespace aep::inlet
