#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "base/bytes.hpp"
#include "base/duration.hpp"
#include "base/json_text.hpp"
#include "inlet/fault.hpp"
#include "inlet/inlet.hpp"

namespace aep::app {
namespace {

using inlet::FailedEntry;
using inlet::InletOptions;

constexpr std::chrono::hours kLookUp{1};
constexpr unsigned kSampleInletId = 0x5EED;  // shown where every id is known

std::string host_of(const std::string& listen) {
    return listen.substr(0, listen.rfind(':'));
}

/// A name or an address as a URL has it.
std::string url_host(const std::string& host_name) {
    return host_name.find(':') == std::string::npos ? host_name : "[" + host_name + "]";
}

/// One line for scripts:
/// {"listening":"127.0.0.1:8443","url":"https://localhost:8443/collection/ID","ca_file":"ca.pem"}.
std::string ready_line(const InletOptions& options, std::uint16_t port) {
    const std::string id =
        options.inlet_id.empty() ? fmt::format("{:064x}", kSampleInletId) : options.inlet_id;
    std::string line = R"({"listening":)";
    base::append_json_string(line, fmt::format("{}:{}", host_of(options.listen), port));
    line += R"(,"url":)";
    base::append_json_string(
        line, fmt::format("https://{}:{}/collection/{}", url_host(options.host_name), port, id));
    line += R"(,"ca_file":)";
    if (options.ca_file.empty()) {
        line += "null";
    } else {
        base::append_json_string(line, options.ca_file.string());
    }
    return line + "}";
}

int serve(const InletOptions& options) {
    Signals signals;
    const auto inlet = inlet::Inlet::start(options);
    if (!inlet) {
        say("aep-agent inlet: {}\n", inlet.error().message);
        return kExitUsage;
    }
    fmt::print("{}\n", ready_line(options, (*inlet)->port()));
    (void)std::fflush(stdout);
    for (std::optional<int> signal; signal != SIGTERM && signal != SIGINT;) signal = signals.wait(kLookUp);
    (*inlet)->stop();
    const inlet::Inlet::Stats stats = (*inlet)->stats();
    say("aep-agent inlet: {} requests, {} messages, {} accepted, {} refused, {} connections\n",
        stats.requests, stats.messages, stats.accepted, stats.refused, stats.connections);
    return kExitOk;
}

void add_size(CLI::App& command, const std::string& name, std::size_t& into, const std::string& help) {
    const auto read = [name, &into](const std::string& text) {
        const auto size = base::parse_bytes(text);
        if (!size || *size == 0)
            throw CLI::ValidationError{name, "'" + text + "' is no size such as 900KB or 1MiB"};
        into = static_cast<std::size_t>(*size);
    };
    command.add_option_function<std::string>(name, read, help)->type_name("SIZE");
}

base::Millis duration_of(const std::string& name, const std::string& text) {
    const auto duration = base::parse_duration(text);
    if (!duration) throw CLI::ValidationError{name, "'" + text + "' is no duration such as 100ms or 2s"};
    return *duration;
}

void add_faults(CLI::App& command, std::vector<inlet::FaultRule>& faults) {
    const auto read = [&faults](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) {
            const auto rule = inlet::parse_fault_argument(text);
            if (!rule) throw CLI::ValidationError{"--fault", rule.error().message};
            faults.push_back(*rule);
        }
    };
    command
        .add_option_function<std::vector<std::string>>("--fault", read,
                                                       "misbehave; may be repeated, see below")
        ->type_name("KEY=VALUE,...")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_tokens(CLI::App& command, InletOptions& options) {
    command.add_option("--client-id", options.client_id, "that POST /ims/token/v3 gives tokens to (local)")
        ->type_name("ID");
    command.add_option("--client-secret", options.client_secret, "and its secret (local)")
        ->type_name("SECRET");
    const auto read_lifetime = [&options](const std::string& text) {
        options.token_lifetime = duration_of("--token-lifetime", text);
        if (options.token_lifetime.count() == 0)
            throw CLI::ValidationError{"--token-lifetime", "must be longer than 0"};
    };
    command
        .add_option_function<std::string>("--token-lifetime", read_lifetime,
                                          "how long a token is valid (24h)")
        ->type_name("DURATION");
    command.add_flag("--token-lifetime-in-ms", options.token_lifetime_in_ms,
                     "say so in milliseconds, as older endpoints do");
    command.add_flag("--require-token", options.require_token, "refuse messages without a valid token");
    command
        .add_option("--token-refusal", options.token_refusal, "status for invalid tokens: 401 or 403 (401)")
        ->check(CLI::IsMember({401, 403}))
        ->type_name("STATUS");
}

void add_options(CLI::App& command, InletOptions& options) {
    command
        .add_option("--listen", options.listen, "where to listen, port 0 for any free one (127.0.0.1:8443)")
        ->type_name("HOST:PORT");
    command.add_option("--ca-file", options.ca_file, "write the CA's certificate here, for clients to trust")
        ->type_name("FILE");
    command
        .add_option("--identity-file", options.identity_file,
                    "keep key and certificates here for the next start")
        ->type_name("FILE");
    command.add_option("--host-name", options.host_name, "the name in the certificate (localhost)")
        ->type_name("NAME");
    command
        .add_option("--client-ca", options.client_ca_file,
                    "let in only clients that show a certificate of this CA")
        ->type_name("FILE");
    command.add_option("--inlet-id", options.inlet_id, "know this inlet id alone (any)")->type_name("ID");
    command.add_option("--schema", options.schema_id, "refuse messages of other schemas")->type_name("ID");
    command.add_option("--org", options.org_id, "refuse messages of other organisations")->type_name("ORG");
    command
        .add_option("--entities", options.entities_file, "append accepted entities here, one JSON line each")
        ->type_name("FILE");
    add_size(command, "--max-request", options.max_request, "the largest body; 413 above (1MB)");
    add_number(command, "--keep", options.keep, "how many entities can be queried, the newest (10000)");
    command.add_flag_callback(
        "--status-code", [&options] { options.failed_entry = FailedEntry::StatusCode; },
        "spell refused messages `statusCode`, as AEP's documentation does, not `status`");
    add_tokens(command, options);
    add_number(command, "--limit-requests", options.limits.requests_per_second,
               "answer 429 to more requests a second (no limit)");
    add_number(command, "--limit-messages", options.limits.messages_per_second,
               "answer 429 to more messages a second (no limit)");
    add_faults(command, options.faults);
}

}  // namespace

void add_inlet(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("inlet", "a local inlet: a small AEP for development and tests");
    auto options = std::make_shared<InletOptions>();
    add_options(*command, *options);
    command->footer(
        "Prints one JSON line when it listens (listening, url, ca_file), runs until SIGTERM or Ctrl-C.\n"
        "For tests only: its controls need no authentication; /inlet/fault changes the faults while it "
        "runs,\n"
        "/inlet/tokens that of the token endpoint (PUT) or revokes all tokens (DELETE).\n"
        "\n"
        "A fault says which collection requests it hits, and what happens to them. The first that hits has "
        "the\n"
        "request. Without a value a key is true.\n"
        "  which:  first=N           the first N requests          after_ms=T    not before (since it was "
        "set)\n"
        "          every=N           every N-th                    for_ms=T      no longer than\n"
        "          share=0.1         such a part of them\n"
        "  what:   status=503        answer with this status       retry_after=2      with Retry-After\n"
        "          empty_body        and without a body            retry_after_date   as a date\n"
        "          refuse_every=N    every N-th message refused    refuse_status=400  with this status\n"
        "          delay_ms=T        answer late                   stall              never\n"
        "          drop=before       close the idle connection behind an answer\n"
        "          drop=during       close it within the request\n"
        "          drop=after        take the messages, close it without an answer\n"
        "          answer=FORM       proving nothing: short, long, no_responses, not_json;\n"
        "                            broken: truncated, not_http, huge_head, huge_body;\n"
        "                            right but unusual: large_head, interim, gzip, chunked, until_close,\n"
        "                            http_1_0, slow\n"
        "\n"
        "Examples:\n"
        "  aep-agent inlet --ca-file ca.pem --entities entities.ndjson\n"
        "  aep-agent inlet --listen 127.0.0.1:0 --fault status=503,retry_after=2,first=10\n"
        "  aep-agent inlet --limit-messages 2000 --fault share=0.01,drop=after --fault every=50,status=500\n"
        "  aep-agent inlet --require-token --client-id me --client-secret secret --token-lifetime 1m\n"
        "  curl --cacert ca.pem https://localhost:8443/inlet/stats\n"
        "  curl --cacert ca.pem https://localhost:8443/inlet/traffic\n"
        "  curl --cacert ca.pem -X PUT -d '[{\"status\":429,\"for_ms\":5000}]' "
        "https://localhost:8443/inlet/fault");
    command->callback([&action, options] { action = [options] { return serve(*options); }; });
}

}  // namespace aep::app
