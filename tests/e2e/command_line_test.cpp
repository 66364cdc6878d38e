#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "harness/agent_process.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// One wrong command line and all that is said about it. DIR stands for the directory of the files.
struct Mistake {
    std::string name;
    std::vector<std::string> arguments;
    std::string err;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
    for (const std::string& argument : mistake.arguments) *out << ' ' << argument;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

constexpr const char* kWrongConfig = R"(platforms:
  - {id: acme, org_id: ORG@AdobeOrg}
sources:
  - {id: app, type: file, include: [app.ndjson], stream: event}
streams:
  - id: events
    kind: experience_event
    schema: {id: 'https://ns.adobe.com/acme/schemas/abc'}
    dataset_id: 5e30d7986c0cc218a85cee65
    destination: inlet
destinations:
  - {id: inlet, platform: acme, url: 'http://localhost/collection/abc', batch: {lingr: 1s}}
)";

constexpr const char* kProblems =
    "warning: DIR/wrong.yaml:6:9: streams[0].id: nothing uses the stream 'events'; refer to it, or remove "
    "it\n"
    "DIR/wrong.yaml:4:58: sources[0].stream: there is no stream 'event'; did you mean 'events'?\n"
    "DIR/wrong.yaml:12:38: destinations[0].url: 'http://localhost/collection/abc' is not encrypted; TLS is "
    "required: write https://\n"
    "DIR/wrong.yaml:12:81: unknown key 'lingr' in destinations[0].batch; did you mean 'linger'?\n";

class CommandLine : public testing::Test {
  protected:
    [[nodiscard]] Outcome run(std::vector<std::string> arguments) const {
        for (std::string& argument : arguments) argument = replaced(argument, "DIR", dir_.path());
        Outcome outcome = run_command(arguments, dir_.path());
        outcome.err = replaced(outcome.err, dir_.path(), "DIR");
        return outcome;
    }

    TempDir dir_;
};

class CommandLineMistake : public CommandLine, public testing::WithParamInterface<Mistake> {};

TEST_P(CommandLineMistake, IsReportedExactly) {
    dir_.write("wrong.yaml", kWrongConfig);
    dir_.write("array.json", "[{}]\n");
    dir_.write("right.yaml", AgentConfig{}
                                 .file_source("app", "app.ndjson")
                                 .event_stream("events", "inlet")
                                 .destination("inlet", "https://localhost/collection/abc", "ca.pem")
                                 .yaml(0));
    const Outcome outcome = run(GetParam().arguments);
    EXPECT_EQ(outcome.err, GetParam().err);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_EQ(outcome.exit_code, 2);
}

const std::vector<std::string> kByFlags{"send",      "DIR/array.json",
                                        "--url",     "https://localhost/collection/abc",
                                        "--org",     "ORG@AdobeOrg",
                                        "--dataset", "5e30d7986c0cc218a85cee65",
                                        "--schema",  "https://ns.adobe.com/acme/schemas/abc",
                                        "--kind",    "experience_event"};

std::vector<std::string> by_flags(const std::vector<std::string>& more) {
    std::vector<std::string> all = kByFlags;
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

const std::vector<Mistake> kMistakes{
    {"Nothing", {}, "aep-agent: A subcommand is required\nTry 'aep-agent --help'.\n"},
    {"UnknownCommand",
     {"rnu"},
     "aep-agent: there is no command 'rnu'; did you mean 'run'?\nTry 'aep-agent "
     "--help'.\n"},
    {"UnknownOption",
     {"--hlep"},
     "aep-agent: there is no option '--hlep'; did you mean '--help'?\nTry "
     "'aep-agent --help'.\n"},
    {"RunWithoutConfiguration",
     {"run"},
     "aep-agent run: --config is required\nTry 'aep-agent run --help'.\n"},
    {"MisspeltOptionOfRun",
     {"run", "--confg", "a.yaml"},
     "aep-agent run: --config is required; did you mean '--config'?\nTry 'aep-agent run --help'.\n"},
    {"UnknownOptionOfRun",
     {"run", "-c", "a.yaml", "--verbose"},
     "aep-agent run: The following argument was not expected: --verbose\nTry 'aep-agent run --help'.\n"},
    {"MissingFile",
     {"run", "-c", "DIR/none.yaml"},
     "DIR/none.yaml: cannot find it: No such file or directory; check the path given to -c\n"
     "aep-agent run: 1 problem in the configuration, nothing was started\n"},
    {"WrongConfigurationOfRun",
     {"run", "-c", "DIR/wrong.yaml"},
     std::string{kProblems} + "aep-agent run: 3 problems in the configuration, nothing was started\n"},
    {"WrongConfigurationOfCheck",
     {"check", "-c", "DIR/wrong.yaml"},
     std::string{kProblems} + "configuration is not valid: 3 problems\n"},
    {"SendToNowhere",
     {"send", "DIR/array.json"},
     "aep-agent send: where to? give -c FILE, or --url, --org, --dataset, --schema and --kind\n"},
    {"TimeoutThatIsNone",
     {"send", "--timeout", "soon"},
     "aep-agent send: --timeout: 'soon' is no duration such as 30s or 10m\nTry 'aep-agent send --help'.\n"},
    {"CodecThatIsNone",
     {"send", "--codec", "xml"},
     "aep-agent send: --codec: xml not in {ndjson,json}\nTry 'aep-agent send --help'.\n"},
    {"ArrayReadAsLines", kByFlags,
     "aep-agent send: DIR/array.json holds a JSON array, not one record a line: add --codec json\n"},
    {"SendWithAConfigurationAndFlags",
     {"send", "DIR/array.json", "-c", "DIR/wrong.yaml", "--url", "https://localhost/collection/abc"},
     "aep-agent send: the configuration of -c says where to: leave out either it, or --url, --org, "
     "--dataset, --schema, --schema-file, --kind and --ca\n"},
    {"RejectsIntoADirectory", by_flags({"--codec", "json", "--rejected", "DIR"}),
     "aep-agent send: rejects cannot be kept in DIR: it is a directory; name another file with "
     "--rejected\n"},
    {"RejectsIntoNowhere", by_flags({"--codec", "json", "--rejected", "DIR/none/rejected"}),
     "aep-agent send: rejects cannot be kept in DIR/none/rejected: No such file or directory; name another "
     "file with --rejected\n"},
    {"RejectsIntoTheInput", by_flags({"--codec", "json", "--rejected", "DIR/./array.json"}),
     "aep-agent send: rejects cannot be kept in DIR/./array.json: it is one of the inputs; name another file "
     "with --rejected\n"},
    {"OffsetBelowZero",
     {"trace", "-c", "DIR/wrong.yaml", "--file", "a", "--offset", "-1"},
     "aep-agent trace: --offset: '-1' is no whole number\nTry 'aep-agent trace --help'.\n"},
    {"LettersOfTwoPlaces",
     {"dead-letter", "ls", "-c", "DIR/wrong.yaml", "--dir", "DIR"},
     "aep-agent dead-letter ls: --config excludes --dir\nTry 'aep-agent dead-letter ls --help'.\n"},
    {"LettersInAFile",
     {"dead-letter", "ls", "--dir", "DIR/array.json"},
     "aep-agent dead-letter ls: DIR/array.json is no directory; name the one of dead_letter.dir\n"},
    {"SchemaThatIsADirectory",
     {"validate", "--schema", "DIR", "DIR/array.json"},
     "DIR: is a directory; name the files in it\naep-agent validate: the schema cannot be used\n"},
    {"PositionsOfADirectory",
     {"positions", "import", "-c", "DIR/right.yaml", "DIR"},
     "aep-agent positions: DIR is a directory; name what `positions export` wrote\n"},
    {"PositionsThatAreNone",
     {"positions", "import", "-c", "DIR/right.yaml", "DIR/wrong.yaml"},
     "aep-agent positions: DIR/wrong.yaml: line 1 is no line of `positions export`: syntax error\n"},
    {"InletThatWouldReplaceADevice",
     {"inlet", "--listen", "127.0.0.1:0", "--ca-file", "DIR"},
     "aep-agent inlet: CA file: DIR is not a regular file, and will not be replaced; choose a file in a "
     "directory that can be written\n"},
    {"CommandOfALaterVersion",
     {"map", "--mapping", "m.yaml"},
     "aep-agent: 'map' is not available in this version (" AEP_AGENT_VERSION ")\nTry 'aep-agent --help'.\n"},
    {"SchemaCommandOfALaterVersion",
     {"schema", "pull"},
     "aep-agent schema: 'pull' is not available in this version (" AEP_AGENT_VERSION
     ")\nTry 'aep-agent schema --help'.\n"},
    {"HealthOfAnAgentWithoutTelemetry",
     {"healthcheck", "-c", "DIR/right.yaml"},
     "aep-agent healthcheck: telemetry.listen: is off, so nobody can be asked\n"},
    {"BufferOfNoDestination",
     {"buffer", "export", "-c", "DIR/right.yaml", "--destination", "inlt"},
     "aep-agent buffer: --destination: there is no destination 'inlt', and nothing waits for one\n"},
    {"SendWithoutItsFlags",
     {"send", "--url", "https://localhost/collection/abc", "--kind", "experience_event"},
     "--org is missing; add `--org ...@AdobeOrg`\n"
     "--dataset is missing; add `--dataset 24 HEX DIGITS`\n"
     "--schema is missing; add `--schema https://ns.adobe.com/TENANT/schemas/HASH`\n"
     "aep-agent send: 3 problems in the configuration, nothing was started\n"},
};

INSTANTIATE_TEST_SUITE_P(Of, CommandLineMistake, testing::ValuesIn(kMistakes),
                         [](const auto& given) { return given.param.name; });

constexpr const char* kConfigWithIdentity = R"(agent: {state_dir: state}
platforms:
  - {id: acme, org_id: ORG@AdobeOrg}
sources:
  - {id: app, type: file, include: [app.ndjson], stream: profiles}
streams:
  - id: profiles
    kind: profile
    schema: {id: 'https://ns.adobe.com/acme/schemas/abc', file: schema.json}
    dataset_id: 5e30d7986c0cc218a85cee65
    identity: {primary: person.emial}
    destination: inlet
destinations:
  - {id: inlet, platform: acme, url: 'https://localhost/collection/abc'}
)";

TEST_F(CommandLine, AnIdentityThatTheSchemaDoesNotHaveIsRefused) {
    dir_.write("agent.yaml", kConfigWithIdentity);
    dir_.write("schema.json", R"({"properties": {"person": {"properties": {"email": {"type": "string"}}}}})");
    const std::string problem =
        "DIR/agent.yaml:11:25: identity.primary: '/person/emial' is no field of "
        "DIR/schema.json that can be an identity: there is no 'emial' in '/person', did you mean "
        "'/person/email'? (stream 'profiles')\n";
    const Outcome checked = run({"check", "-c", "DIR/agent.yaml"});
    EXPECT_EQ(checked.err, problem + "configuration is not valid: 1 problem\n");
    EXPECT_EQ(checked.exit_code, 2);
    const Outcome started = run({"run", "-c", "DIR/agent.yaml"});
    EXPECT_THAT(started.err, HasSubstr(problem.substr(0, problem.size() - 1)));
    EXPECT_EQ(started.exit_code, 2);
}

TEST_F(CommandLine, HelpOfEveryCommandShowsExamplesOnStdout) {
    for (const std::string command :
         {"", "run", "check", "send", "validate", "schema", "dead-letter", "replay", "buffer", "positions",
          "trace", "healthcheck", "inlet", "demo", "version"}) {
        SCOPED_TRACE(command);
        const Outcome outcome = command.empty() ? run({"--help"}) : run({command, "--help"});
        EXPECT_EQ(outcome.exit_code, 0);
        EXPECT_THAT(outcome.err, IsEmpty());
        if (command != "version") {
            EXPECT_THAT(outcome.out, HasSubstr("Examples:"));
        }
        EXPECT_THAT(outcome.out, HasSubstr("Usage: aep-agent"));
    }
}

/// `aep-agent ARGUMENTS` with the redirections of a shell.
Outcome run_redirected(const std::string& arguments, const TempDir& dir) {
    Process shell{{.command = {"/bin/sh", "-c", "exec " AEP_AGENT_BINARY " " + arguments},
                   .directory = dir.path(),
                   .name = "shell"}};
    const auto exit_code = shell.wait();
    return {.exit_code = exit_code, .out = shell.out(), .err = shell.err()};
}

TEST_F(CommandLine, StdoutThatTakesNothingIsExitCodeThree) {
    dir_.write("schema.json", R"({"type":"object"})");
    dir_.write("records.ndjson", "{}\n");
    for (const char* command : {"version", "--help", "check --help", "schema infer records.ndjson",
                                "validate --schema schema.json records.ndjson"}) {
        for (const char* redirection : {" >/dev/full", " >&-"}) {
            SCOPED_TRACE(std::string{command} + redirection);
            const Outcome outcome = run_redirected(std::string{command} + redirection, dir_);
            EXPECT_EQ(outcome.exit_code, 3);
            EXPECT_THAT(outcome.err, HasSubstr("aep-agent: cannot write to standard output"));
        }
    }
}

TEST_F(CommandLine, StderrThatTakesNothingStopsNothing) {
    const InletProcess inlet;
    dir_.write("agent.yaml", AgentConfig::to(inlet).stdin_source().yaml(0));
    dir_.write("records.ndjson", event_lines(0, 10) + "no record\n");
    for (const char* command : {"run -c agent.yaml", "send -c agent.yaml --rejected rejected.ndjson"}) {
        for (const char* redirection : {" 2>/dev/full", " 2>&-", " >&- 2>&-"}) {
            SCOPED_TRACE(std::string{command} + redirection);
            EXPECT_EQ(run_redirected(command + std::string{" <records.ndjson"} + redirection, dir_).exit_code,
                      1);
        }
    }
    EXPECT_EQ(inlet.stats().accepted, 60U);
}

TEST_F(CommandLine, StdinThatIsClosedIsSaid) {
    const InletProcess inlet;
    dir_.write("agent.yaml", AgentConfig::to(inlet).stdin_source().yaml(0));
    for (const char* command : {"run -c agent.yaml", "send -c agent.yaml"}) {
        SCOPED_TRACE(command);
        const Outcome outcome = run_redirected(command + std::string{" <&-"}, dir_);
        EXPECT_EQ(outcome.exit_code, 3);
        EXPECT_THAT(outcome.err, HasSubstr("standard input is closed or cannot be read"));
    }
}

/// Each line of a log that is JSON.
bool is_json_log(const std::string& log) {
    std::istringstream lines{log};
    for (std::string line; std::getline(lines, line);) {
        boost::json::error_code error;
        if (!boost::json::parse(line, error).is_object() || error) return false;
    }
    return !log.empty();
}

TEST_F(CommandLine, LogOfJsonHasNothingElseFromTheFirstLineOn) {
    const InletProcess inlet;
    std::string yaml = AgentConfig::to(inlet).stdin_source().yaml(0);
    yaml = replaced(replaced(yaml, "@AdobeOrg", ""), "log: {", "log: {format: json, ");
    dir_.write("agent.yaml", yaml);
    dir_.write("wrong.yaml", replaced(yaml, "ca.pem", "none.pem"));

    const Outcome good = run_redirected("run -c agent.yaml </dev/null", dir_);
    EXPECT_EQ(good.exit_code, 0) << good.err;
    EXPECT_THAT(good.err, HasSubstr("org_id does not end in @AdobeOrg"));
    EXPECT_TRUE(is_json_log(good.err)) << good.err;
    const Outcome wrong = run_redirected("run -c wrong.yaml </dev/null", dir_);
    EXPECT_EQ(wrong.exit_code, 2) << wrong.err;
    EXPECT_THAT(wrong.err, HasSubstr("none.pem cannot be used"));
    EXPECT_TRUE(is_json_log(wrong.err)) << wrong.err;
}

TEST_F(CommandLine, VersionIsOneLineOnStdout) {
    const Outcome outcome = run({"version"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.out, "aep-agent " AEP_AGENT_VERSION "\n");
    EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(CommandLine, CheckOfAValidConfigurationSaysSo) {
    const InletProcess inlet;
    dir_.write("agent.yaml", AgentConfig{}
                                 .file_source("app", "app.ndjson")
                                 .event_stream("events", "inlet")
                                 .destination("inlet", "https://localhost/collection/abc", inlet.ca_file())
                                 .yaml(0));
    const Outcome outcome = run({"check", "-c", "DIR/agent.yaml"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "configuration is valid: 1 source, 1 stream, 1 destination\n");
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(run({"check", "-c", "DIR/agent.yaml", "--print"}).out, HasSubstr("memory_limit"));
}

TEST_F(CommandLine, CheckAndRunWithoutItsCaFileSayWhichOne) {
    dir_.write("agent.yaml", AgentConfig{}
                                 .file_source("app", "app.ndjson")
                                 .event_stream("events", "inlet")
                                 .destination("inlet", "https://localhost/collection/abc", "none.pem")
                                 .yaml(0));
    for (const char* command : {"check", "run"}) {
        const Outcome outcome = run({command, "-c", "DIR/agent.yaml"});
        EXPECT_EQ(outcome.exit_code, 2);
        EXPECT_THAT(outcome.err, HasSubstr("destination 'inlet': tls.ca_file DIR/none.pem"));
    }
}

TEST_F(CommandLine, CheckAndRunWithoutTheCertificateOfASourceSayWhichOne) {
    const InletProcess inlet;
    dir_.write(
        "agent.yaml",
        AgentConfig::to(inlet)
            .source("app", "type: tcp, listen: '127.0.0.1:0', tls: {cert_file: none.pem, key_file: none.key}")
            .yaml(0));
    for (const char* command : {"check", "run"}) {
        const Outcome outcome = run({command, "-c", "DIR/agent.yaml"});
        EXPECT_EQ(outcome.exit_code, 2);
        EXPECT_THAT(outcome.err,
                    HasSubstr("source 'app': tls.cert_file DIR/none.pem cannot be used: No such"));
    }
    EXPECT_THAT(run({"check", "-c", "DIR/agent.yaml"}).err,
                HasSubstr("configuration is not valid: 1 problem\n"));
}

}  // namespace
}  // namespace aep::e2e
