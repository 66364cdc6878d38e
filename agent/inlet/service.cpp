#include "inlet/service.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "base/bytes.hpp"

namespace aep::inlet {
namespace {

using boost::beast::http::verb;

Response not_found(std::string_view message) {
    return problem(404, "Not Found", message);
}

Response wrong_method(std::string_view allowed) {
    Response response =
        problem(405, "Method Not Allowed", fmt::format("only {} is understood here", allowed));
    response.headers = fmt::format("Allow: {}\r\n", allowed);
    return response;
}

bool is_json(std::string_view content_type) {
    std::string_view media_type = content_type.substr(0, content_type.find(';'));
    while (media_type.ends_with(' ') || media_type.ends_with('\t')) media_type.remove_suffix(1);
    return boost::beast::iequals({media_type.data(), media_type.size()}, "application/json");
}

std::optional<Response> refuse_encoding(const Request& request) {
    const std::string& encoding = request.content_encoding;
    if (!encoding.empty() && !boost::beast::iequals(encoding, "identity")) {
        return problem(415, "Unsupported Media Type",
                       "Content-Encoding is not understood; send the body as it is");
    }
    if (!is_json(request.content_type)) {
        return problem(415, "Unsupported Media Type", "Content-Type must be application/json");
    }
    return std::nullopt;
}

bool asks_for_validation(const Target& target) {
    return target.query("syncValidation") == "true" || target.query("synchronousValidation") == "true";
}

std::optional<std::size_t> parse_count(std::string_view text) {
    std::size_t count = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return count;
}

}  // namespace

Service::Service(const InletOptions& options, FaultControl& fault, Entities& entities, Counters& counters,
                 TrafficLog& traffic)
    : options_{options},
      fault_{fault},
      entities_{entities},
      counters_{counters},
      traffic_{traffic},
      limit_{options.limits.requests_per_second},
      collection_{options, fault, entities, counters, traffic},
      tokens_{options} {}

FaultControl::Plan Service::plan(std::string_view target) {
    const std::string path = parse_target(target).path;
    return parse_collection_path(path) ? fault_.next_request() : FaultControl::Plan{};
}

Service::Outcome Service::handle(const Request& request, const FaultControl::Plan& plan) {
    const Target target = parse_target(request.target);
    if (target.path == "/ims/token/v3") return give_token(request);
    Outcome outcome;
    outcome.plan = plan;
    const auto path = parse_collection_path(target.path);
    outcome.response = path ? handle_collection(request, target, *path, plan) : control(request, target);
    return outcome;
}

Service::Outcome Service::give_token(const Request& request) {
    Outcome outcome;
    if (request.method != verb::post) {
        outcome.response = wrong_method("POST");
        return outcome;
    }
    Tokens::Outcome given = tokens_.issue(request.body, base::SteadyClock::now());
    outcome.response = std::move(given.response);
    outcome.plan.delay = given.delay;
    if (given.drop) outcome.plan.drop = FaultRule::Drop::After;
    return outcome;
}

Response Service::handle_collection(const Request& request, const Target& target, const CollectionPath& path,
                                    const FaultControl::Plan& plan) {
    ++counters_.requests;
    traffic_.count_request();
    Response response;
    if (plan.instead) {
        response = *plan.instead;
    } else if (plan.stall) {
        return response;
    } else if (const auto wait = limit_.take(1, base::SteadyClock::now())) {
        response = too_many(*wait);
    } else {
        response = collect(request, target, path, plan);
    }
    if (response.status == 429) traffic_.count_throttled();
    return response;
}

Response Service::collect(const Request& request, const Target& target, const CollectionPath& path,
                          const FaultControl::Plan& plan) {
    if (!options_.inlet_id.empty() && path.inlet_id != options_.inlet_id) {
        return not_found(fmt::format("inlet {} is not known", path.inlet_id));
    }
    if (request.method != verb::post) return wrong_method("POST");
    if (auto refusal = tokens_.refusal(request.authorization, path.inlet_id, base::SteadyClock::now())) {
        return std::move(*refusal);
    }
    if (request.too_large) {
        return problem(
            413, "Payload Too Large",
            fmt::format("a request may have at most {}", base::format_bytes(options_.max_request)));
    }
    if (auto refusal = refuse_encoding(request)) return std::move(*refusal);
    if (!path.batch && asks_for_validation(target)) {
        return problem(501, "Not Implemented", "synchronous validation is not available here");
    }
    Collection::Call call;
    call.inlet_id = path.inlet_id;
    call.body = request.body;
    call.raw = !request.flow_id.empty() || !target.query("x-adobe-flow-id").value_or("").empty();
    call.plan = &plan;
    return path.batch ? collection_.take_batch(call) : collection_.take_one(call);
}

Response Service::control(const Request& request, const Target& target) {
    if (target.path == "/inlet/fault") return control_fault(request);
    if (target.path == "/inlet/tokens") return control_tokens(request);
    const bool known =
        target.path == "/inlet/stats" || target.path == "/inlet/entities" || target.path == "/inlet/traffic";
    if (!known) {
        return not_found(
            "there are /collection/{inletId}, /collection/batch/{inletId}, /ims/token/v3, /inlet/stats, "
            "/inlet/traffic, /inlet/entities, /inlet/fault and /inlet/tokens");
    }
    if (request.method != verb::get) return wrong_method("GET");
    if (target.path == "/inlet/entities") return find_entities(target);
    if (target.path == "/inlet/stats") return stats();
    Response response;
    response.body = traffic_.json();
    return response;
}

Response Service::control_fault(const Request& request) {
    if (request.method == verb::put) {
        const auto parsed = parse_faults(request.body);
        if (!parsed) return problem(400, "Bad Request", parsed.error().message);
        fault_.set(*parsed);
    } else if (request.method == verb::delete_) {
        fault_.set({});
    } else if (request.method != verb::get) {
        return wrong_method("GET, PUT, DELETE");
    }
    Response response;
    response.body = format_faults(fault_.rules());
    return response;
}

Response Service::control_tokens(const Request& request) {
    if (request.method == verb::put) {
        const auto parsed = parse_token_fault(request.body);
        if (!parsed) return problem(400, "Bad Request", parsed.error().message);
        tokens_.set_fault(*parsed);
    } else if (request.method == verb::delete_) {
        tokens_.revoke();
    } else if (request.method != verb::get) {
        return wrong_method("GET, PUT, DELETE");
    }
    Response response;
    response.body = fmt::format(R"({{"asked":{},"issued":{}}})", tokens_.asked(), tokens_.issued());
    return response;
}

Response Service::find_entities(const Target& target) const {
    EntityQuery query;
    if (const auto limit = target.query("limit")) {
        const auto count = parse_count(*limit);
        if (!count) return problem(400, "Bad Request", "`limit` must be a whole number");
        query.limit = *count;
    }
    query.path = target.query("path");
    query.value = target.query("value").value_or("");
    if (const auto id = target.query("id")) {
        query.path = "_id";
        query.value = *id;
    }
    Response response;
    response.body = entities_.find(query);
    return response;
}

Response Service::stats() const {
    const std::uint64_t accepted = counters_.accepted;
    const std::uint64_t refused = counters_.refused;
    Response response;
    response.body = fmt::format(
        R"({{"requests":{},"messages":{},"accepted":{},"refused":{},"connections":{}}})",
        counters_.requests.load(), accepted + refused, accepted, refused, counters_.connections.load());
    return response;
}

}  // namespace aep::inlet
