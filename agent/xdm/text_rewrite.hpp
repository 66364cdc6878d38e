#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aep::xdm {

/// A change to one value of a JSON text.
struct TextChange {
    enum class What : std::uint8_t {
        Remove,   ///< with its key
        Replace,  ///< by `json`
        Quote,    ///< a number, as it is written, becomes a string
    };
    std::string pointer;  ///< RFC 6901, below the root
    What what = What::Remove;
    std::string json;
};

/// Applies changes to a JSON text. What they do not touch keeps its own text, so that numbers stay exact. For
/// records that need it only; the others are never rewritten. Confined.
class TextRewrite {
  public:
    TextRewrite();
    ~TextRewrite();
    TextRewrite(const TextRewrite&) = delete;
    TextRewrite& operator=(const TextRewrite&) = delete;

    /// `text` is valid JSON that holds an object; 64 readable bytes follow. Changes whose pointer leads
    /// nowhere do nothing; one below another's is done by the outer one. A key that stands twice is changed
    /// twice. The result is valid until the next call, and 64 readable bytes follow it.
    [[nodiscard]] std::string_view apply(std::string_view text, const std::vector<TextChange>& changes);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::xdm
