#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "config/load.hpp"

namespace aep::config {

/// A valid configuration on known lines; tests change one thing in it.
inline constexpr const char* kGood = R"(agent:
  memory_limit: 32MiB
platforms:
  - id: main
    org_id: ORG@AdobeOrg
sources:
  - id: web
    type: file
    include: [/var/log/shop/*.json]
    stream: events
streams:
  - id: events
    kind: experience_event
    schema: {id: 'https://ns.adobe.com/acme/schemas/abc'}
    dataset_id: 5e30d7986c0cc218a85cee65
    destination: inlet
destinations:
  - id: inlet
    platform: main
    url: https://dcs.adobedc.net/collection/abc
    batch: {max_bytes: 900KB, linger: 500ms}
telemetry:
  listen: off
)";

/// A directory of configuration files and the environment they are read in.
class ConfigDirectory {
  public:
    ConfigDirectory()
        : directory_{std::filesystem::temp_directory_path() / ("aep-config-" + base::random_hex128())} {
        std::filesystem::create_directories(directory_);
    }
    ~ConfigDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    ConfigDirectory(const ConfigDirectory&) = delete;
    ConfigDirectory& operator=(const ConfigDirectory&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((directory_ / name).parent_path());
        std::ofstream{directory_ / name, std::ios::binary} << text;
    }
    void set(const std::string& name, const std::string& value) { environment_[name] = value; }

    [[nodiscard]] LoadOutcome load(const std::vector<std::string>& names,
                                   Sources sources = Sources::Required) const {
        std::vector<std::filesystem::path> paths;
        for (const std::string& name : names) paths.push_back(directory_ / name);
        LoadOptions options;
        options.sources = sources;
        options.environment = [this](const std::string& name) -> std::optional<std::string> {
            const auto found = environment_.find(name);
            if (found == environment_.end()) return std::nullopt;
            return found->second;
        };
        return config::load(paths, options);
    }
    [[nodiscard]] LoadOutcome load_text(const std::string& text) const {
        write("agent.yaml", text);
        return load({"agent.yaml"});
    }

    /// One line per problem, without the directory in the names.
    [[nodiscard]] std::vector<std::string> lines(const Problems& problems) const {
        std::vector<std::string> result;
        for (const Problem& problem : problems) result.push_back(without_directory(problem.to_string()));
        return result;
    }
    [[nodiscard]] std::string without_directory(std::string text) const {
        const std::string prefix = directory_.string() + "/";
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
            text.erase(at, prefix.size());
        }
        return text;
    }
    [[nodiscard]] const std::filesystem::path& path() const { return directory_; }

  private:
    std::filesystem::path directory_;
    std::map<std::string, std::string> environment_;
};

/// `text` with its first `from` made `to`.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    return text;
}

}  // namespace aep::config
