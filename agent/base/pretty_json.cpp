#include "base/pretty_json.hpp"

#include <utility>

#include "base/json_text.hpp"

namespace aep::base {

void PrettyJson::new_line() {
    text_ += '\n';
    text_.append(levels_.size() * 2, ' ');
}

void PrettyJson::before_value() {
    if (std::exchange(after_key_, false) || levels_.empty()) return;
    if (levels_.back().has_entries) text_ += ',';
    levels_.back().has_entries = true;
    new_line();
}

PrettyJson& PrettyJson::begin(char open, char close) {
    before_value();
    text_ += open;
    levels_.push_back({close});
    return *this;
}

PrettyJson& PrettyJson::end() {
    const Level level = levels_.back();
    levels_.pop_back();
    if (level.has_entries) new_line();
    text_ += level.close;
    return *this;
}

PrettyJson& PrettyJson::key(std::string_view name) {
    before_value();
    append_json_string(text_, name);
    text_ += ": ";
    after_key_ = true;
    return *this;
}

PrettyJson& PrettyJson::string(std::string_view text) {
    before_value();
    append_json_string(text_, text);
    return *this;
}

PrettyJson& PrettyJson::raw(std::string_view json) {
    before_value();
    text_ += json;
    return *this;
}

std::string PrettyJson::take() {
    text_ += '\n';
    return std::exchange(text_, {});
}

}  // namespace aep::base
