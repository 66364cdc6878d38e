#include "source/json_scanner.hpp"

namespace aep::source {
namespace {

constexpr bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// Numbers, true, false, null.
constexpr bool begins_word(char c) {
    return c == '-' || (c >= '0' && c <= '9') || c == 't' || c == 'f' || c == 'n';
}

}  // namespace

void JsonScanner::open(Kind kind) {
    open_ = true;
    kind_ = kind;
    depth_ = 0;
    in_string_ = false;
    escaped_ = false;
}

void JsonScanner::note(char significant) {
    previous_ = significant;
    at_line_start_ = false;
}

bool JsonScanner::misplaced() const {
    return at_line_start_ && previous_ != ',' && previous_ != ':' && previous_ != '[';
}

std::size_t JsonScanner::find_begin(std::string_view bytes, std::size_t from) {
    for (std::size_t at = from; at < bytes.size(); ++at) {
        const char c = bytes[at];
        if (is_space(c)) {
            at_line_start_ = at_line_start_ || c == '\n';
        } else if (opens_record(c)) {
            return at;
        } else {
            note(c);
        }
    }
    return bytes.size();
}

bool JsonScanner::opens_record(char c) {
    switch (c) {
        case ',':
            return false;
        case '[':
            // Where no element may begin, an array that was never closed has ended.
            if (!in_array_ || misplaced()) {
                in_array_ = true;
                return false;
            }
            open(Kind::Value);
            return true;
        case ']':
            if (in_array_) {
                in_array_ = false;
                return false;
            }
            open(Kind::Garbage);
            return true;
        case '{':
        case '"':
            open(Kind::Value);
            return true;
        default:
            open(begins_word(c) ? Kind::Word : Kind::Garbage);
            return true;
    }
}

bool JsonScanner::ends_word(char c) const {
    return is_space(c) || c == ',' || c == ']' || c == '[' || c == '{' || c == '}' || c == '"' || c == ':';
}

bool JsonScanner::ends_garbage(char c) const {
    return c == '\n' || c == '{' || c == '[' || (in_array_ && (c == ',' || c == ']'));
}

std::optional<std::size_t> JsonScanner::find_end(std::string_view bytes, std::size_t from) {
    if (kind_ == Kind::Value) return find_value_end(bytes, from);
    for (std::size_t at = from; at < bytes.size(); ++at) {
        if (kind_ == Kind::Word ? ends_word(bytes[at]) : ends_garbage(bytes[at])) {
            open_ = false;
            return at;
        }
        note(bytes[at]);
    }
    return std::nullopt;
}

std::optional<std::size_t> JsonScanner::find_value_end(std::string_view bytes, std::size_t from) {
    for (std::size_t at = from; at < bytes.size(); ++at) {
        if (in_string_) {
            at = pass_string(bytes, at);
            if (at == bytes.size()) return std::nullopt;
            if (bytes[at] == '\n') {
                open_ = false;
                return at;
            }
            if (depth_ > 0) continue;
            open_ = false;
            return at + 1;
        }
        const char c = bytes[at];
        switch (c) {
            case ' ':
            case '\t':
            case '\r':
                continue;
            case '\n':
                at_line_start_ = true;
                continue;
            case '"':
                in_string_ = true;
                break;
            case '{':
            case '[':
                if (depth_ > 0 && misplaced()) {
                    open_ = false;
                    return at;
                }
                ++depth_;
                break;
            case '}':
            case ']':
                --depth_;
                break;
            default:
                break;
        }
        note(c);
        if (depth_ == 0 && !in_string_) {
            open_ = false;
            return at + 1;
        }
    }
    return std::nullopt;
}

/// The index of the quote that closes the string, of a line end that breaks it, or bytes.size().
std::size_t JsonScanner::pass_string(std::string_view bytes, std::size_t from) {
    std::size_t at = from;
    for (; at < bytes.size(); ++at) {
        const char c = bytes[at];
        if (c == '\n') break;
        if (escaped_) {
            escaped_ = false;
        } else if (c == '\\') {
            escaped_ = true;
        } else if (c == '"') {
            in_string_ = false;
            break;
        }
    }
    return at;
}

}  // namespace aep::source
