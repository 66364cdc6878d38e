#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace aep::config {

/// A configuration file: as messages name it, and the absolute directory that its relative paths start from.
struct File {
    std::string name;
    std::filesystem::path directory;
    std::size_t order = 0;  ///< among the files of one configuration
};

/// Where in the configuration something stands. Lines and columns count from 1; 0: the file as a whole.
/// Without a file: the command line.
struct Place {
    std::shared_ptr<const File> file;  ///< shared with every other place in the file
    std::size_t line = 0;
    std::size_t column = 0;

    /// "agent.yaml:12:7", "agent.yaml", or "" for the command line.
    [[nodiscard]] std::string to_string() const;
};

/// Order of files, then of lines and columns.
[[nodiscard]] bool comes_before(const Place& left, const Place& right);

}  // namespace aep::config
