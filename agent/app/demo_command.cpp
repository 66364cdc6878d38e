#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/ack_times.hpp"
#include "app/agent.hpp"
#include "app/agent_id.hpp"
#include "app/commands.hpp"
#include "app/demo_records.hpp"
#include "app/exit_code.hpp"
#include "app/load_config.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "inlet/inlet.hpp"
#include "telemetry/log.hpp"
#include "telemetry/server.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint64_t kProfiles = 2000;
constexpr std::uint64_t kEventsPerAppend = 50;
constexpr milliseconds kAppendEvery{10};
constexpr milliseconds kPatience{30'000};
constexpr const char* kOrg = "0123456789ABCDEF@AdobeOrg";

struct DemoOptions {
    std::uint64_t events = 20'000;
    bool serve = false;
};

/// A directory that goes when the demo does.
class Workspace {
  public:
    Workspace() {
        std::error_code error;
        const fs::path where = fs::temp_directory_path(error);
        if (error) {
            throw std::runtime_error{"there is no directory for temporary files: " + error.message() +
                                     "; set TMPDIR to one"};
        }
        std::string pattern = (where / "aep-agent-demo-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error{"cannot make a directory in " + where.string() + ": " +
                                     std::system_category().message(errno) + "; set TMPDIR to another"};
        }
        dir_ = pattern;
    }
    ~Workspace() {
        std::error_code ignored;
        fs::remove_all(dir_, ignored);
    }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    [[nodiscard]] fs::path path(const std::string& name) const { return dir_ / name; }

  private:
    fs::path dir_;
};

/// The configuration that a user would write for this job.
std::string demo_config(const std::string& inlet_url) {
    return fmt::format(R"(agent:
  state_dir: state
platforms:
  - id: acme
    org_id: {org}
    limits: {{requests_per_second: unlimited, messages_per_second: unlimited}}   # the inlet is local
sources:
  - {{id: app, type: file, include: [events.ndjson], start_at: beginning, codec: ndjson, stream: events}}
  - {{id: crm, type: file, include: [profiles.ndjson], start_at: beginning, codec: ndjson, stream: members}}
streams:
  - id: events
    kind: experience_event
    schema: {{id: 'https://ns.adobe.com/acme/schemas/loyalty-events'}}
    dataset_id: 5e30d7986c0cc218a85cee65
    destination: inlet
  - id: members
    kind: profile
    schema: {{id: 'https://ns.adobe.com/acme/schemas/loyalty-members'}}
    dataset_id: 5e30d7986c0cc218a85cee66
    destination: inlet
destinations:
  - id: inlet
    platform: acme
    url: {url}
    batch: {{linger: 50ms}}
    tls: {{ca_file: ca.pem}}
telemetry: {{listen: 'localhost:0'}}
)",
                       fmt::arg("org", kOrg), fmt::arg("url", inlet_url));
}

/// Appends whole lines to a file, as an application does.
class Appender {
  public:
    explicit Appender(const fs::path& file) : out_{file, std::ios::binary | std::ios::app} {}

    std::uint64_t append(const std::string& lines) {
        out_ << lines << std::flush;
        if (!out_) throw std::runtime_error{"the demo cannot write to its own file; is the disk full?"};
        end_ += lines.size();
        return end_;
    }

  private:
    std::ofstream out_;
    std::uint64_t end_ = 0;
};

std::string readable(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

/// Everything of one run of the demo.
class Demo {
  public:
    explicit Demo(const DemoOptions& options) : options_{options} {}

    int run() {
        if (!start()) return kExitInternal;
        const auto began = base::SteadyClock::now();
        if (!write_records()) return kExitGaveUp;
        const bool settled = wait_until_settled();
        const auto took = base::SteadyClock::now() - began;
        const int code = summarise(settled, took);
        if (options_.serve && code == kExitOk) serve();
        agent_->stop_reading();
        (void)agent_->drain(kPatience);
        telemetry::log::flush();
        return code;
    }

  private:
    bool start();
    bool write_records();
    bool wait_until_settled();
    int summarise(bool settled, base::SteadyClock::duration took) const;
    void print_dead_letters() const;
    void serve();

    [[nodiscard]] std::uint64_t expected() const { return options_.events + kProfiles + broken_; }

    const DemoOptions options_;
    Workspace workspace_;
    Signals signals_;
    AckTimes ack_times_;
    std::uint64_t broken_ = 0;
    std::string inlet_url_;
    std::unique_ptr<inlet::Inlet> inlet_;
    std::unique_ptr<Agent> agent_;
    std::unique_ptr<telemetry::Server> server_;
    std::unique_ptr<Appender> events_;
    std::unique_ptr<Appender> profiles_;
};

bool Demo::start() {
    inlet::InletOptions inlet_options;
    inlet_options.listen = "127.0.0.1:0";
    inlet_options.ca_file = workspace_.path("ca.pem");
    inlet_options.org_id = kOrg;
    auto inlet = inlet::Inlet::start(inlet_options);
    if (!inlet) {
        say("aep-agent demo: {}\n", inlet.error().message);
        return false;
    }
    inlet_ = std::move(*inlet);
    inlet_url_ = fmt::format("https://localhost:{}/collection/{:064x}", inlet_->port(), 0x5EED);

    std::ofstream{workspace_.path("agent.yaml")} << demo_config(inlet_url_);
    const auto config = load_config({workspace_.path("agent.yaml")}, "demo");
    if (!config) return false;
    telemetry::log::configure({.level = telemetry::LogOptions::Level::Warn});

    Agent::Options agent_options;
    agent_options.agent_id = "demo";
    agent_options.on_ack = [this,
                            events = workspace_.path("events.ndjson").string()](const record::Ack& ack) {
        if (ack.origin->name == events) ack_times_.acknowledged(ack.position);
    };
    events_ = std::make_unique<Appender>(workspace_.path("events.ndjson"));
    profiles_ = std::make_unique<Appender>(workspace_.path("profiles.ndjson"));
    auto agent = Agent::create(*config, agent_options);
    if (!agent) {
        say("aep-agent demo: {}\n", agent.error().message);
        return false;
    }
    agent_ = std::move(*agent);
    auto server = telemetry::Server::start(config->telemetry.listen, agent_->metrics(), agent_->health());
    if (!server) {
        say("aep-agent demo: {}\n", server.error().message);
        return false;
    }
    server_ = std::move(*server);
    agent_->start();
    return true;
}

bool Demo::write_records() {
    fmt::print("A local inlet listens on {} (TLS, certificate checked).\n", inlet_url_.substr(0, 40) + "...");
    fmt::print("Writing {} profiles and, as an application would, {} events into a growing file...\n",
               readable(kProfiles), readable(options_.events));
    (void)std::fflush(stdout);
    std::string lines;
    for (std::uint64_t i = 0; i < kProfiles; ++i) lines += demo_profile(i);
    profiles_->append(lines);

    const std::vector<std::string> broken = demo_broken_events(base::WallClock::now());
    for (std::uint64_t i = 0; i < options_.events;) {
        lines.clear();
        const std::uint64_t end = std::min(i + kEventsPerAppend, options_.events);
        for (; i < end; ++i) lines += demo_event(i, base::WallClock::now());
        if (broken_ < broken.size()) lines += broken[broken_++];
        ack_times_.appended(events_->append(lines));
        if (signals_.wait(kAppendEvery)) return false;
    }
    return true;
}

bool Demo::wait_until_settled() {
    const auto deadline = base::SteadyClock::now() + kPatience;
    while (agent_->totals().settled() < expected()) {
        if (base::SteadyClock::now() >= deadline || signals_.wait(milliseconds{10})) return false;
    }
    return true;
}

int Demo::summarise(bool settled, base::SteadyClock::duration took) const {
    const auto totals = agent_->totals();
    const auto inlet = inlet_->stats();
    const double seconds = std::chrono::duration<double>(took).count();
    const auto millis = [this](double share) {
        return static_cast<double>(
                   ack_times_.quantile(share).value_or(std::chrono::microseconds{0}).count()) /
               1000;
    };
    fmt::print("\n  read              {:>8}\n", readable(totals.read));
    fmt::print("  delivered         {:>8}   the inlet counted {} accepted messages\n",
               readable(totals.delivered), readable(inlet.accepted));
    fmt::print("  dead-lettered     {:>8}\n", readable(totals.dead_lettered));
    print_dead_letters();
    fmt::print(
        "  append to ack         p50 {:.0f} ms, p99 {:.0f} ms (batches wait up to 50 ms for company)\n",
        millis(0.5), millis(0.99));
    fmt::print("  records per second {:>7}   in {:.1f} s, at the pace of the writing application\n\n",
               readable(static_cast<std::uint64_t>(static_cast<double>(totals.settled()) / seconds)),
               seconds);
    if (!settled || totals.delivered != inlet.accepted || totals.dead_lettered != broken_) {
        fmt::print("The sums do not add up: expected {} records settled and {} of them dead-lettered.\n",
                   readable(expected()), broken_);
        return kExitInternal;
    }
    fmt::print("Every record is accounted for.\n");
    return kExitOk;
}

void Demo::print_dead_letters() const {
    std::map<std::string, std::pair<int, std::string>> by_code;
    for (const auto& file : fs::directory_iterator{workspace_.path("state/dead-letter")}) {
        std::ifstream in{file.path()};
        for (std::string line; std::getline(in, line);) {
            const boost::json::value letter = boost::json::parse(line);
            auto& [count, reason] = by_code[boost::json::value_to<std::string>(letter.at("code"))];
            ++count;
            reason = boost::json::value_to<std::string>(letter.at("reason"));
        }
    }
    for (const auto& [code, why] : by_code) fmt::print("    {:>4}  {:<22} {}\n", why.first, code, why.second);
}

void Demo::serve() {
    fmt::print("\nStill running; Ctrl-C ends it.\n");
    fmt::print("  append events to   {}\n", workspace_.path("events.ndjson").string());
    fmt::print("  metrics            http://localhost:{}/metrics (also /healthz, /readyz)\n",
               server_->port());
    fmt::print("  what arrived       curl --cacert {} 'https://localhost:{}/inlet/entities?limit=3'\n",
               workspace_.path("ca.pem").string(), inlet_->port());
    fmt::print("  configuration      {}\n", workspace_.path("agent.yaml").string());
    (void)std::fflush(stdout);
    while (!signals_.wait(milliseconds{1000})) {
    }
}

}  // namespace

void add_demo(CLI::App& app, Action& action) {
    CLI::App* command =
        app.add_subcommand("demo", "local inlet, agent and sample records in one; nothing else needed");
    auto options = std::make_shared<DemoOptions>();
    command->add_flag("--serve", options->serve, "keep running, and print the addresses to look at");
    add_number(*command, "--events", options->events, "how many events to write (20000)")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
    command->footer("Examples:\n  aep-agent demo\n  aep-agent demo --serve");
    command->callback([&action, options] {
        action = [options] {
            try {
                return Demo{*options}.run();
            } catch (const std::runtime_error& error) {  // of this machine, not of the program
                say("aep-agent demo: {}\n", error.what());
                return kExitUsage;
            }
        };
    });
}

}  // namespace aep::app
