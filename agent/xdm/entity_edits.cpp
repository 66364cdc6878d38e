#include "xdm/entity_edits.hpp"

#include <cassert>
#include <cstring>

namespace aep::xdm {
namespace {

char* copy(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

}  // namespace

void EntityEdits::reset(std::string_view record_text) {
    assert(!record_text.empty() && record_text.front() == '{');
    record_ = record_text;
    is_empty_object_ = record_[record_.find_first_not_of(" \t\r\n", 1)] == '}';
    count_ = 0;
    size_ = record_.size();
}

void EntityEdits::insert_member(std::string_view member) {
    // The last member put into an empty object has no neighbour to be parted from. Members are inserted at
    // the same place, so the first inserted stays last.
    const bool is_last = is_empty_object_ && count_ == 0;
    add(Edit{.at = 1, .removed = 0, .text = member, .comma_behind = !is_last});
    size_ += member.size() + (is_last ? 0 : 1);
}

void EntityEdits::replace(std::size_t at, std::size_t removed, std::string_view text) {
    add(Edit{.at = at, .removed = removed, .text = text, .comma_behind = false});
    size_ += text.size() - removed;
}

void EntityEdits::add(Edit edit) {
    assert(count_ < kMost);
    std::size_t place = count_++;
    for (; place > 0 && edits_[place - 1].at >= edit.at; --place) edits_[place] = edits_[place - 1];
    edits_[place] = edit;
}

char* EntityEdits::write(char* out) const {
    std::size_t from = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        const Edit& edit = edits_[i];
        out = copy(out, record_.substr(from, edit.at - from));
        out = copy(out, edit.text);
        if (edit.comma_behind) *out++ = ',';
        from = edit.at + edit.removed;
    }
    return copy(out, record_.substr(from));
}

}  // namespace aep::xdm
