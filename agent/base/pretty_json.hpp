#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aep::base {

/// Writes JSON for people: two blanks of indentation, one member a line. The caller keeps the grammar: a key
/// before each value of an object. Confined.
class PrettyJson {
  public:
    PrettyJson& begin_object() { return begin('{', '}'); }
    PrettyJson& begin_array() { return begin('[', ']'); }
    PrettyJson& end();
    PrettyJson& key(std::string_view name);
    PrettyJson& string(std::string_view text);
    /// A number, true, false, null, or a value that is JSON already.
    PrettyJson& raw(std::string_view json);

    /// What has been written, with a line end.
    [[nodiscard]] std::string take();

  private:
    struct Level {
        char close;
        bool has_entries = false;
    };

    PrettyJson& begin(char open, char close);
    void before_value();
    void new_line();

    std::string text_;
    std::vector<Level> levels_;
    bool after_key_ = false;
};

}  // namespace aep::base
