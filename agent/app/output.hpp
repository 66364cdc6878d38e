#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace aep::app {

/// What a command writes to stdout, in large pieces. Confined.
class Output {
  public:
    /// Append to it.
    [[nodiscard]] std::string& text() { return text_; }

    void flush_when_large() {
        if (text_.size() >= kLarge) (void)flush();
    }
    /// False once something could not be written.
    [[nodiscard]] bool flush() {
        good_ = good_ && std::fwrite(text_.data(), 1, text_.size(), stdout) == text_.size() &&
                std::fflush(stdout) == 0;
        text_.clear();
        return good_;
    }

  private:
    static constexpr std::size_t kLarge = std::size_t{256} << 10U;

    std::string text_;
    bool good_ = true;
};

}  // namespace aep::app
