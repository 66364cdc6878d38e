#pragma once

#include <memory>
#include <string_view>

namespace aep::xdm {

/// Finds where the value of a top-level member stands in a record's text. A parsed value does not know its
/// place, and only records whose `_id` or `timestamp` is replaced need it, so the text is walked a second
/// time. Confined.
class MemberText {
  public:
    MemberText();
    ~MemberText();
    MemberText(const MemberText&) = delete;
    MemberText& operator=(const MemberText&) = delete;

    /// A view into `object`, which is known to be a valid JSON object that has the key; 64 readable bytes
    /// follow.
    [[nodiscard]] std::string_view find(std::string_view object, std::string_view key);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::xdm
