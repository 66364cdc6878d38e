#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "source/newline_scanner.hpp"

namespace aep::source {

/// Finds frames of octet counting (RFC 6587, section 3.4.1: `MSG-LEN SP MSG`), and in detecting mode also
/// lines (section 3.4.2): RFC 6587 lets senders of both kinds connect, and a frame's first byte tells them
/// apart, because a line of syslog or JSON does not begin with a digit. See JsonScanner for the meaning of
/// the functions.
///
/// In detecting mode CR, LF, NUL and blanks between frames are nothing: some senders end counted frames with
/// them.
///
/// What should be a count and is none cannot be skipped, because nobody knows where the next frame begins:
/// the scanner is broken() then, and the connection is of no more use.
class OctetScanner {
  public:
    explicit OctetScanner(bool detects) : detects_{detects} {}

    [[nodiscard]] std::size_t delimiter() const { return counted_ ? 0 : 1; }
    [[nodiscard]] bool lines() const { return !counted_; }
    [[nodiscard]] bool counted() const { return counted_; }
    /// The end of the input completes a line, but not a frame that was promised more bytes.
    [[nodiscard]] bool end_completes() const { return !counted_; }
    [[nodiscard]] bool broken() const { return broken_; }
    /// Between the first digit of a count and the last byte of its frame.
    [[nodiscard]] bool within_frame() const { return digits_ > 0 || (open_ && counted_); }

    [[nodiscard]] bool open() const { return open_; }
    void close() { open_ = false; }

    [[nodiscard]] std::size_t find_begin(std::string_view bytes, std::size_t from) {
        for (; from < bytes.size() && !broken_; ++from) {
            const char c = bytes[from];
            const bool is_digit = c >= '0' && c <= '9';
            if (digits_ == 0 && detects_ && is_filler(c)) continue;
            if (digits_ == 0 && detects_ && !is_digit) return begin_line(bytes, from);
            if (digits_ > 0 && c == ' ') return begin_frame(from + 1);
            broken_ = !is_digit || (digits_ == 0 && c == '0') || digits_ == kMostDigits;
            if (broken_) return from;
            left_ = 10 * left_ + static_cast<std::uint64_t>(c - '0');
            ++digits_;
        }
        return from;
    }

    [[nodiscard]] std::optional<std::size_t> find_end(std::string_view bytes, std::size_t from) {
        if (!counted_) {
            const auto end = line_.find_end(bytes, from);
            if (end) open_ = false;
            return end;
        }
        const std::size_t taken = std::min<std::uint64_t>(left_, bytes.size() - from);
        left_ -= taken;
        if (left_ > 0) return std::nullopt;
        open_ = false;
        return from + taken;
    }

  private:
    static constexpr int kMostDigits = 9;  ///< a record of a gigabyte is not meant

    [[nodiscard]] static bool is_filler(char c) {
        return c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\0';
    }
    std::size_t begin_line(std::string_view bytes, std::size_t from) {
        open_ = true;
        counted_ = false;
        return line_.find_begin(bytes, from);
    }
    std::size_t begin_frame(std::size_t from) {
        open_ = true;
        counted_ = true;
        digits_ = 0;
        return from;
    }

    bool detects_;
    NewlineScanner line_;
    bool open_ = false;
    bool counted_ = true;
    bool broken_ = false;
    int digits_ = 0;          ///< of the count at hand
    std::uint64_t left_ = 0;  ///< the count so far; of an open frame, its bytes not seen yet
};

}  // namespace aep::source
