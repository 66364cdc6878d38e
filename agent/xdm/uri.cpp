#include "xdm/uri.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "xdm/text_format.hpp"

namespace aep::xdm {
namespace {

/// Where a character may stand, by RFC 3986; one bit each, so that several characters are tested at once.
enum : std::uint16_t {
    kAlpha = 1,
    kDigit = 2,
    kHex = 4,
    kScheme = 8,
    kRegName = 16,
    kUserInfo = 32,
    kAuthority = 64,
    kSegmentNoColon = 128,
    kPath = 256,
    kQueryOrFragment = 512,
};

constexpr std::array<std::uint16_t, 256> make_places() {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view kDigits = "0123456789";
    constexpr auto kAllNames = kRegName | kUserInfo | kAuthority | kSegmentNoColon | kPath | kQueryOrFragment;
    std::array<std::uint16_t, 256> places{};
    const auto mark = [&](std::string_view characters, int bits) {
        for (const char c : characters)
            places[static_cast<unsigned char>(c)] |= static_cast<std::uint16_t>(bits);
    };
    mark(kLetters, kAlpha | kScheme | kAllNames);
    mark(kDigits, kDigit | kScheme | kAllNames);
    mark("0123456789abcdefABCDEF", kHex);
    mark("+-.", kScheme);
    mark("-._~", kAllNames);         // unreserved
    mark("!$&'()*+,;=", kAllNames);  // sub-delims
    mark(":", kUserInfo | kAuthority | kPath | kQueryOrFragment);
    mark("@", kAuthority | kSegmentNoColon | kPath | kQueryOrFragment);
    mark("[]", kAuthority);
    mark("/", kPath | kQueryOrFragment);
    mark("?", kQueryOrFragment);
    return places;
}
constexpr std::array<std::uint16_t, 256> kPlaces = make_places();

std::uint16_t places_of(char c) {
    return kPlaces[static_cast<unsigned char>(c)];
}
bool is_in(char c, std::uint16_t place) {
    return (places_of(c) & place) != 0;
}

/// The first place from `at` on where a character neither may stand in `place` nor is part of a %XX.
std::size_t skip(std::string_view text, std::size_t at, std::uint16_t place) {
    constexpr std::size_t kAtOnce = 4;
    while (true) {
        while (at + kAtOnce <= text.size() &&
               (places_of(text[at]) & places_of(text[at + 1]) & places_of(text[at + 2]) &
                places_of(text[at + 3]) & place) != 0) {
            at += kAtOnce;
        }
        while (at < text.size() && is_in(text[at], place)) ++at;
        const bool is_escape =
            at + 2 < text.size() && text[at] == '%' && is_in(text[at + 1], kHex) && is_in(text[at + 2], kHex);
        if (!is_escape) return at;
        at += 3;
    }
}

/// "v1.something" between brackets.
bool is_ip_future(std::string_view text) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || (text.front() != 'v' && text.front() != 'V'))
        return false;
    for (const char c : text.substr(1, dot - 1)) {
        if (!is_in(c, kHex)) return false;
    }
    const std::string_view rest = text.substr(dot + 1);
    for (const char c : rest) {
        if (!is_in(c, kUserInfo)) return false;
    }
    return !rest.empty();
}

bool is_authority(std::string_view text) {
    if (skip(text, 0, kRegName) == text.size()) return true;
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        if (skip(text, 0, kUserInfo) != at) return false;
        text.remove_prefix(at + 1);
    }
    std::size_t end = 0;
    if (text.starts_with('[')) {
        end = text.find(']');
        if (end == std::string_view::npos) return false;
        const std::string_view address = text.substr(1, end - 1);
        if (!is_ipv6(address) && !is_ip_future(address)) return false;
        ++end;
    } else {
        end = skip(text, 0, kRegName);
    }
    if (end == text.size()) return true;
    if (text[end] != ':') return false;
    for (const char c : text.substr(end + 1)) {
        if (!is_in(c, kDigit)) return false;
    }
    return true;
}

/// Where the scheme and its colon end; 0 where there is none.
std::size_t scheme_end(std::string_view text) {
    if (text.starts_with("https:")) return 6;
    if (text.starts_with("http:")) return 5;
    if (text.empty() || !is_in(text.front(), kAlpha)) return 0;
    std::size_t at = 1;
    while (at < text.size() && is_in(text[at], kScheme)) ++at;
    return at < text.size() && text[at] == ':' ? at + 1 : 0;
}

/// Where the authority that begins at `at` ends; npos where it is none.
std::size_t authority_end(std::string_view text, std::size_t at) {
    const auto is_end = [&](std::size_t place) {
        return place == text.size() || text[place] == '/' || text[place] == '?' || text[place] == '#';
    };
    // Most are a name and no more.
    std::size_t end = skip(text, at, kRegName);
    if (is_end(end)) return end;
    end = skip(text, end, kAuthority);
    return is_end(end) && is_authority(text.substr(at, end - at)) ? end : std::string_view::npos;
}

/// Reads from left to right, once.
bool is_reference(std::string_view text, bool needs_scheme) {
    std::size_t at = scheme_end(text);
    const bool has_scheme = at > 0;
    if (!has_scheme && needs_scheme) return false;
    if (at + 1 < text.size() && text[at] == '/' && text[at + 1] == '/') {
        at = authority_end(text, at + 2);
        if (at == std::string_view::npos) return false;
    } else if (!has_scheme) {
        // What looks like a scheme in a relative reference would be one (section 4.2).
        at = skip(text, at, kSegmentNoColon);
        if (at < text.size() && text[at] == ':') return false;
    }
    if (at < text.size()) at = skip(text, at, kPath);
    if (at < text.size() && text[at] == '?') at = skip(text, at + 1, kQueryOrFragment);
    if (at < text.size() && text[at] == '#') at = skip(text, at + 1, kQueryOrFragment);
    return at == text.size();
}

struct Parts {
    std::optional<std::string_view> scheme;
    std::optional<std::string_view> authority;
    std::string_view path;
    std::optional<std::string_view> query;
    std::optional<std::string_view> fragment;
};

bool is_scheme(std::string_view text) {
    if (text.empty() || !is_in(text.front(), kAlpha)) return false;
    for (const char c : text) {
        if (!is_in(c, kScheme)) return false;
    }
    return true;
}

/// Takes `text` apart as the regular expression of appendix B does.
Parts split(std::string_view text) {
    Parts parts;
    if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
        parts.fragment = text.substr(hash + 1);
        text = text.substr(0, hash);
    }
    if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
        parts.query = text.substr(mark + 1);
        text = text.substr(0, mark);
    }
    if (const std::size_t colon = text.find(':');
        colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
        parts.scheme = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        const std::size_t end = text.find('/', 2);
        parts.authority = text.substr(2, end == std::string_view::npos ? end : end - 2);
        text.remove_prefix(2 + parts.authority->size());
    }
    parts.path = text;
    return parts;
}

/// Section 5.2.4.
std::string without_dot_segments(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        if (path.starts_with("../")) {
            path.remove_prefix(3);
        } else if (path.starts_with("./") || path.starts_with("/./")) {
            path.remove_prefix(2);
        } else if (path == "/.") {
            path = "/";
        } else if (path.starts_with("/../") || path == "/..") {
            path = path == "/.." ? std::string_view{"/"} : path.substr(3);
            out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
        } else if (path == "." || path == "..") {
            path = {};
        } else {
            const std::size_t end = path.find('/', 1);
            out += path.substr(0, end);
            path = end == std::string_view::npos ? "" : path.substr(end);
        }
    }
    return out;
}

std::string merged_path(const Parts& base, std::string_view path) {
    if (base.authority && base.path.empty()) return "/" + std::string{path};
    const std::size_t slash = base.path.rfind('/');
    const std::string_view directory = slash == std::string_view::npos ? "" : base.path.substr(0, slash + 1);
    return std::string{directory} + std::string{path};
}

}  // namespace

bool is_uri(std::string_view text) {
    return is_reference(text, true);
}

bool is_uri_reference(std::string_view text) {
    return is_reference(text, false);
}

std::string resolve_uri(std::string_view base_text, std::string_view reference_text) {
    const Parts base = split(base_text);
    const Parts reference = split(reference_text);
    Parts out = reference;
    std::string path;
    if (reference.scheme || reference.authority) {
        path = without_dot_segments(reference.path);
        if (!reference.scheme) out.scheme = base.scheme;
    } else {
        out.scheme = base.scheme;
        out.authority = base.authority;
        if (reference.path.empty()) {
            path = base.path;
            if (!reference.query) out.query = base.query;
        } else if (reference.path.front() == '/') {
            path = without_dot_segments(reference.path);
        } else {
            path = without_dot_segments(merged_path(base, reference.path));
        }
    }
    std::string text;
    if (out.scheme) text.append(*out.scheme).append(":");
    if (out.authority) text.append("//").append(*out.authority);
    text += path;
    if (out.query) text.append("?").append(*out.query);
    if (out.fragment) text.append("#").append(*out.fragment);
    return text;
}

std::string percent_decoded(std::string_view text) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && is_in(text[i + 1], kHex) && is_in(text[i + 2], kHex)) {
            out += static_cast<char>(value(text[i + 1]) * 16 + value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace aep::xdm
