#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/letter_filter.hpp"
#include "store/stored_letter.hpp"

/// What `dead-letter ls` and `dead-letter show` print. Reads only; beside a running daemon too.
namespace aep::app {

struct LetterGroup {
    std::string code;
    std::string stream;
    std::uint64_t count = 0;
    std::string first;  ///< times
    std::string last;
};
struct LetterFileState {
    std::string file;
    std::uint64_t letters = 0;   ///< that were chosen and not replayed
    std::uint64_t replayed = 0;  ///< lines
    std::uint64_t bytes = 0;
    bool is_open = false;  ///< some process writes, replays or purges it
};
struct LetterReport {
    std::vector<LetterGroup> groups;     ///< most letters first
    std::vector<LetterFileState> files;  ///< oldest first
    std::uint64_t letters = 0;
    std::uint64_t bytes = 0;
    std::vector<std::string> faults;  ///< what could not be read: "FILE:LINE: why"
};

/// Calls `each` with every letter that is chosen and not replayed, in the order of the files.
using OnLetter = std::function<void(const store::StoredLetter& letter, std::string_view line)>;
LetterReport read_letters(const std::vector<std::filesystem::path>& files, const LetterFilter& filter,
                          const OnLetter& each = {});

/// For people.
[[nodiscard]] std::string to_table(const LetterReport& report);
[[nodiscard]] std::string to_text(const store::StoredLetter& letter);
/// One object with everything.
[[nodiscard]] std::string to_json(const LetterReport& report);

}  // namespace aep::app
