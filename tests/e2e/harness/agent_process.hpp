#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/agent_config.hpp"
#include "harness/dead_letters.hpp"
#include "harness/metrics_page.hpp"
#include "harness/process.hpp"
#include "harness/temp_dir.hpp"

namespace aep::e2e {

/// What a command that ends by itself left behind.
struct Outcome {
    std::optional<int> exit_code;  ///< empty: it did not end
    std::string out;
    std::string err;
};

/// `aep-agent ARGUMENTS` to its end, in `directory`.
[[nodiscard]] Outcome run_command(const std::vector<std::string>& arguments,
                                  const std::filesystem::path& directory);

/// `aep-agent run` with a directory of its own.
class AgentProcess {
  public:
    AgentProcess() = default;

    /// A file of the agent's directory, such as one that it is to read.
    [[nodiscard]] std::string file(const std::string& name) const { return dir_ / name; }

    [[nodiscard]] const std::filesystem::path& directory() const { return dir_.path(); }
    /// Variables beside the test's own, "NAME=value". Before the start.
    void set_environment(std::vector<std::string> variables) { environment_ = std::move(variables); }
    /// How many descriptors it may have. Before the start.
    void limit_descriptors(unsigned most) { descriptors_ = most; }

    /// Starts `run` and waits until it runs. Takes another telemetry port when someone else was quicker.
    void start(const AgentConfig& config, Process::Input input = Process::Input::None);
    /// Starts `run` without a telemetry server and does not wait.
    void start_quietly(const AgentConfig& config, Process::Input input = Process::Input::None);

    /// Writes the configuration and asks to take it over (SIGHUP). True: it was; false: it was refused.
    [[nodiscard]] bool reload(const AgentConfig& config);
    /// Its part of a log line: how often it was written.
    [[nodiscard]] std::size_t count_in_log(std::string_view part) const;

    /// Asks to stop, and waits: the exit code.
    [[nodiscard]] std::optional<int> stop();

    /// Where a source of the running agent listens, as its log says.
    [[nodiscard]] std::string listening(const std::string& source) const;

    /// Throws when there is no answer: an empty page would agree with any expectation of nothing.
    [[nodiscard]] MetricsPage metrics() const;
    [[nodiscard]] std::string metrics_text() const;
    /// The status of /readyz and what it says.
    [[nodiscard]] Answer readiness() const;
    [[nodiscard]] std::vector<DeadLetter> dead_letters() const;
    /// The last line of its log.
    [[nodiscard]] std::string last_line() const;
    [[nodiscard]] Process& process() { return *process_; }

  private:
    void spawn(const AgentConfig& config, Process::Input input);
    [[nodiscard]] bool wait_until_it_runs();

    TempDir dir_;
    std::uint16_t port_ = 0;
    std::vector<std::string> environment_;
    unsigned descriptors_ = 0;
    std::unique_ptr<Process> process_;
};

}  // namespace aep::e2e
