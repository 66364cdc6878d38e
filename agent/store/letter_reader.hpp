#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace aep::store {

/// Reads a file of dead letters line by line. Confined. Move-only; closes, and gives its lock back, on
/// destruction.
class LetterReader {
  public:
    enum class Hold : std::uint8_t {
        None,       ///< only looks; the file may be written meanwhile
        Exclusive,  ///< nobody writes, replays or purges it meanwhile
        ByCaller,   ///< likewise, by another reader of the caller's
    };
    /// With Hold::Exclusive the error's code is EAGAIN where another process holds the file.
    [[nodiscard]] static base::Result<LetterReader> open(const std::filesystem::path& file, Hold hold);

    struct Line {
        std::uint64_t number = 0;  ///< from 1
        std::string_view text;     ///< without its end, valid until the next call
    };
    /// The next line. A last one without its end counts only where nobody can be writing it.
    [[nodiscard]] std::optional<Line> next();

  private:
    struct Close {
        void operator()(std::FILE* file) const { (void)std::fclose(file); }
    };
    struct Free {
        void operator()(char* text) const { std::free(text); }  // NOLINT: getline() allocated it
    };
    LetterReader(std::unique_ptr<std::FILE, Close> file, Hold hold) : file_{std::move(file)}, hold_{hold} {}

    std::unique_ptr<std::FILE, Close> file_;
    Hold hold_;
    std::unique_ptr<char, Free> buffer_;
    std::size_t capacity_ = 0;
    std::uint64_t number_ = 0;
};

/// Whether some process holds the file now: it is being written, replayed or purged.
[[nodiscard]] bool is_held(const std::filesystem::path& file);

}  // namespace aep::store
