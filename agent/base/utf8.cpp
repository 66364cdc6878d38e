#include "base/utf8.hpp"

#include <algorithm>

namespace aep::base {
namespace {

struct Lead {
    std::size_t size;  ///< of the whole sequence; 0 for a byte that cannot lead
    unsigned char second_min;
    unsigned char second_max;
};

// RFC 3629 section 4: the lead byte narrows what the second byte may be, and only the second.
Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {1, 0, 0};
    if (byte < 0xC2) return {0, 0, 0};
    if (byte < 0xE0) return {2, 0x80, 0xBF};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte < 0xF0) return {3, 0x80, 0xBF};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte < 0xF4) return {4, 0x80, 0xBF};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
    if (text.empty()) return 0;
    const Lead lead = lead_of(static_cast<unsigned char>(text[0]));
    if (lead.size < 2) return lead.size;
    if (text.size() < lead.size) return 0;
    const auto second = static_cast<unsigned char>(text[1]);
    if (second < lead.second_min || second > lead.second_max) return 0;
    for (std::size_t i = 2; i < lead.size; ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) return 0;
    }
    return lead.size;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = utf8_sequence(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string to_utf8(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = utf8_sequence(text);
        if (size == 0) {
            clean += "\xEF\xBF\xBD";
        } else {
            clean += text.substr(0, size);
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return clean;
}

std::string printable(std::string_view text) {
    std::string clean = to_utf8(text);
    std::ranges::replace_if(
        clean, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return clean;
}

}  // namespace aep::base
