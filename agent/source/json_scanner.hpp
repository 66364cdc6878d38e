#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aep::source {

/// Finds where JSON values begin and end in text that holds one value after the other, by strings, escapes
/// and nesting alone; whether a value is valid is the codec's to say.
///
/// White space and commas between values are nothing. A top-level array is not a record, its elements are; so
/// its brackets are nothing too. Whatever else stands between values is a record of its own, up to the next
/// `{`, `[` or line end (in a top-level array also `,` and `]`), so that the codec refuses it by name and
/// nothing is passed over in silence.
///
/// Broken records end early, so that one torn write does not swallow all that follows: a string at the line
/// end that JSON forbids in it (RFC 8259 section 7), and a value before a line that begins with `{` or `[`
/// where no value may begin.
///
/// Can stop and go on at any byte. Copied freely. Confined.
class JsonScanner {
  public:
    [[nodiscard]] static std::size_t delimiter() { return 0; }
    [[nodiscard]] static bool lines() { return false; }
    [[nodiscard]] static bool counted() { return false; }
    [[nodiscard]] static bool end_completes() { return true; }

    /// Inside of a record.
    [[nodiscard]] bool open() const { return open_; }
    /// Gives up the open record.
    void close() { open_ = false; }

    /// Outside of a record: the index of the first byte of the next one, which is open then; or bytes.size().
    [[nodiscard]] std::size_t find_begin(std::string_view bytes, std::size_t from);

    /// Inside of a record: the index behind its last byte; then none is open. Nothing if it goes on behind
    /// `bytes`.
    [[nodiscard]] std::optional<std::size_t> find_end(std::string_view bytes, std::size_t from);

  private:
    enum class Kind : std::uint8_t { Value, Word, Garbage };  ///< Value: object, array, string

    void open(Kind kind);
    void note(char significant);
    [[nodiscard]] bool opens_record(char c);
    [[nodiscard]] bool misplaced() const;
    [[nodiscard]] bool ends_word(char c) const;
    [[nodiscard]] bool ends_garbage(char c) const;
    [[nodiscard]] std::optional<std::size_t> find_value_end(std::string_view bytes, std::size_t from);
    [[nodiscard]] std::size_t pass_string(std::string_view bytes, std::size_t from);

    bool open_ = false;
    bool in_array_ = false;  ///< inside of a top-level array
    Kind kind_ = Kind::Value;
    bool in_string_ = false;
    bool escaped_ = false;
    bool at_line_start_ = false;  ///< only white space since the last line end
    char previous_ = ',';         ///< the last byte outside of strings that is not white space
    std::uint64_t depth_ = 0;
};

}  // namespace aep::source
