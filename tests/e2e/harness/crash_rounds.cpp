#include "harness/crash_rounds.hpp"

#include <boost/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace aep::e2e {

std::vector<Position> positions_of(const AgentProcess& agent) {
    const Outcome listed = run_command({"positions", "list", "--json", "-c", agent.file("agent.yaml")},
                                       std::filesystem::path{agent.file("agent.yaml")}.parent_path());
    if (listed.exit_code != 0) throw std::runtime_error{"positions list: " + listed.err};
    std::vector<Position> positions;
    std::istringstream lines{listed.out};
    for (std::string line; std::getline(lines, line);) {
        const boost::json::object object = boost::json::parse(line).as_object();
        Position one;
        one.source = object.at("source").as_string();
        one.file = object.at("file").as_string();
        one.generation = object.at("generation").as_string();
        one.inode = object.at("inode").to_number<std::uint64_t>();
        one.position = object.at("position").to_number<std::uint64_t>();
        positions.push_back(std::move(one));
    }
    return positions;
}

void CrashRounds::run(int rounds, const Round& round) {
    for (int i = 0; i < rounds; ++i) {
        agent_.start(config_);
        round.after_start();
        const auto span = static_cast<std::uint64_t>((timing_.longest - timing_.shortest).count());
        const auto end = Clock::now() + timing_.shortest + milliseconds{random_() % (span + 1)};
        while (Clock::now() < end) {
            round.meanwhile();
            std::this_thread::sleep_for(milliseconds{1});
        }
        round.before_kill();
        agent_.process().kill();
        round.after_kill();
    }
}

}  // namespace aep::e2e
