#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace aep::xdm {

/// The few changes that make a record's text its entity's text: each replaces `removed` bytes at `at` by
/// `text`. They are added in any order and do not overlap.
class EntityEdits {
  public:
    void reset(std::string_view record_text);
    /// Puts a member in front of the object's first one. `member` ("\"key\":value") must outlive write().
    void insert_member(std::string_view member);
    void replace(std::size_t at, std::size_t removed, std::string_view text);

    [[nodiscard]] std::size_t size() const { return size_; }
    /// Writes size() bytes; returns the end.
    char* write(char* out) const;

  private:
    struct Edit {
        std::size_t at = 0;
        std::size_t removed = 0;
        std::string_view text;
        bool comma_behind = false;
    };
    static constexpr std::size_t kMost = 4;  ///< one for each of _id and timestamp, with room

    void add(Edit edit);

    std::string_view record_;
    bool is_empty_object_ = false;
    std::array<Edit, kMost> edits_;  ///< by ascending `at`
    std::size_t count_ = 0;
    std::size_t size_ = 0;
};

}  // namespace aep::xdm
