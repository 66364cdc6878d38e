#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace aep::e2e {

/// One line of a dead-letter file.
struct DeadLetter {
    std::string code;
    std::string reason;
    std::vector<std::string> errors;  ///< "keyword pointer"
    std::string stream;
    std::string source;
    std::string file;    ///< what was read, where that was a file
    std::string origin;  ///< the same, or who sent it, where it was none
    std::uint64_t position = 0;
    std::string form;
    std::string content;  ///< the record's bytes, or the entity's JSON text
    std::uint64_t true_size = 0;
    int status = 0;
    std::string answer;
    std::string first_time;  ///< of one that was replayed
    std::uint64_t replays = 0;
};

/// All lines of all *.ndjson files of a directory, or of one file, by position. Throws where a line is not
/// what the contract says.
[[nodiscard]] std::vector<DeadLetter> read_dead_letters(const std::filesystem::path& directory_or_file);

}  // namespace aep::e2e
