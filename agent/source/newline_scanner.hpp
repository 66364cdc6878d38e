#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace aep::source {

/// Finds lines. See JsonScanner for the meaning of its functions.
class NewlineScanner {
  public:
    /// Bytes between the end of the last record and what follows.
    [[nodiscard]] static std::size_t delimiter() { return 1; }
    /// One CR before the last record's end is not content, nor is a blank line.
    [[nodiscard]] static bool lines() { return true; }
    /// The last record's size was given, and may take in a line end.
    [[nodiscard]] static bool counted() { return false; }
    /// The end of the input is the end of the open record too.
    [[nodiscard]] static bool end_completes() { return true; }

    [[nodiscard]] bool open() const { return open_; }
    void close() { open_ = false; }

    [[nodiscard]] std::size_t find_begin(std::string_view bytes, std::size_t from) {
        open_ = from < bytes.size();
        return from;
    }

    [[nodiscard]] std::optional<std::size_t> find_end(std::string_view bytes, std::size_t from) {
        const void* found = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
        if (found == nullptr) return std::nullopt;
        open_ = false;
        return static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    }

  private:
    bool open_ = false;
};

}  // namespace aep::source
