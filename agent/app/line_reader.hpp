#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace aep::app {

/// The lines of a file or of stdin, for commands that look at one record a line. Blank lines are passed over
/// but counted; CR before the line end and a byte order mark at the beginning do not belong to a line; the
/// last line needs no newline. Confined.
///
///     while (reader.fill()) {
///         while (const auto line = reader.next()) ...
///         // about to wait for input: write what there is to say
///     }
class LineReader {
  public:
    /// A longer line is passed over; its `size` tells.
    static constexpr std::size_t kLongest = std::size_t{256} << 20U;

    struct Line {
        std::uint64_t number = 0;  ///< of the file's lines, from 1
        std::string_view text;     ///< valid until the next fill(); 64 readable bytes follow
        bool too_long = false;     ///< `text` is only its beginning
    };

    /// "-" or empty: stdin. The error says what to do.
    [[nodiscard]] static base::Result<LineReader> open(const std::string& file);
    /// `name` is what errors call it.
    LineReader(int fd, std::string name, bool owned = false);
    LineReader(LineReader&& other) noexcept;
    LineReader& operator=(LineReader&&) = delete;
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;
    ~LineReader();

    /// Waits for more input. False at its end or after an error().
    [[nodiscard]] bool fill();
    /// The next line of what has been read that is not blank.
    [[nodiscard]] std::optional<Line> next();

    /// Why reading ended early.
    [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }

  private:
    void make_room();
    [[nodiscard]] std::optional<std::string_view> take_line();

    int fd_ = -1;
    bool owned_ = false;
    std::string name_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;    ///< of what is not taken yet
    std::size_t scanned_ = 0;  ///< no newline before this
    std::size_t end_ = 0;
    std::uint64_t number_ = 0;
    bool at_end_ = false;
    bool skipping_ = false;  ///< within a line that is too long
    std::optional<base::Error> error_;
};

}  // namespace aep::app
