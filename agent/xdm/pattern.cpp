#include "xdm/pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "base/utf8.hpp"

namespace aep::xdm {
namespace {

using Outcome = Translation::Outcome;

/// ECMA-262's white space and line ends, and everything else, as ranges for a character class.
constexpr std::string_view kSpaces =
    R"(\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNonSpaces =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";
constexpr std::string_view kAnything = R"([\x{0}-\x{10ffff}])";
constexpr std::string_view kNothing = R"([^\x{0}-\x{10ffff}])";
constexpr std::string_view kDot = R"([^\n\r\x{2028}\x{2029}])";

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

class Translator {
  public:
    explicit Translator(std::string_view ecma) : in_{ecma} {}

    Translation run() && {
        while (at_ < in_.size() && out_.outcome == Outcome::Done) step();
        return std::move(out_);
    }

  private:
    void step() {
        const char c = in_[at_];
        if (c == '\\') {
            escape(false);
        } else if (c == '[') {
            character_class();
        } else if (c == '(') {
            group();
        } else if (c == '.') {
            emit(kDot, 1);
        } else {
            emit(in_.substr(at_, 1), 1);
        }
    }

    void emit(std::string_view text, std::size_t consumed) {
        out_.text += text;
        at_ += consumed;
    }
    void emit_code_point(std::uint32_t code, std::size_t consumed) {
        fmt::format_to(std::back_inserter(out_.text), "\\x{{{:x}}}", code);
        at_ += consumed;
    }
    void give_up(Outcome outcome, std::string reason) {
        out_.outcome = outcome;
        out_.reason = std::move(reason);
    }

    void group() {
        const std::string_view rest = in_.substr(at_);
        if (rest.starts_with("(?=") || rest.starts_with("(?!")) {
            give_up(Outcome::Unsupported, "look-ahead");
        } else if (rest.starts_with("(?<=") || rest.starts_with("(?<!")) {
            give_up(Outcome::Unsupported, "look-behind");
        } else if (rest.starts_with("(?<")) {
            emit("(?P<", 3);
        } else if (rest.starts_with("(?P")) {
            give_up(Outcome::Malformed, "(?P is not ECMA-262");
        } else {
            if (rest.starts_with("(?") && !rest.starts_with("(?:")) out_.lenient = true;
            emit("(", 1);
        }
    }

    void character_class() {
        if (in_.substr(at_).starts_with("[^]")) return emit(kAnything, 3);
        if (in_.substr(at_).starts_with("[]")) return emit(kNothing, 2);
        emit("[", 1);
        if (at_ < in_.size() && in_[at_] == '^') emit("^", 1);
        while (at_ < in_.size() && in_[at_] != ']' && out_.outcome == Outcome::Done) {
            if (in_[at_] == '\\') {
                escape(true);
            } else if (in_[at_] == '[') {
                emit("\\[", 1);  // RE2 would look for [:alpha:]
            } else {
                emit(in_.substr(at_, 1), 1);
            }
        }
        if (at_ == in_.size()) return give_up(Outcome::Malformed, "a [ is not closed");
        emit("]", 1);
    }

    /// At a backslash.
    void escape(bool in_class) {
        if (at_ + 1 == in_.size()) return give_up(Outcome::Malformed, "it ends in a backslash");
        const char c = in_[at_ + 1];
        switch (c) {
            case 'd':
            case 'D':
            case 'w':
            case 'W':
            case 't':
            case 'n':
            case 'v':
            case 'f':
            case 'r':
                return emit(in_.substr(at_, 2), 2);
            case 's':
                return in_class ? emit(kSpaces, 2) : emit(fmt::format("[{}]", kSpaces), 2);
            case 'S':
                return in_class ? emit(kNonSpaces, 2) : emit(fmt::format("[{}]", kNonSpaces), 2);
            case 'b':
                if (in_class) return emit_code_point(0x08, 2);
                return emit("\\b", 2);
            case 'B':
                if (!in_class) return emit("\\B", 2);
                break;
            case 'c':
                return control();
            case 'x':
                return hexadecimal(2);
            case 'u':
                return unicode();
            case 'p':
            case 'P':
                return property();
            case 'k':
                if (!in_class) return give_up(Outcome::Unsupported, "back reference");
                break;
            default:
                break;
        }
        if (c == '0' && (at_ + 2 == in_.size() || !is_digit(in_[at_ + 2]))) return emit_code_point(0, 2);
        if (is_digit(c)) return give_up(Outcome::Unsupported, "back reference");
        identity();
    }

    /// A backslash in front of what stands for itself.
    void identity() {
        const std::size_t size = base::utf8_sequence(in_.substr(at_ + 1));
        if (size != 1) return emit(in_.substr(at_ + 1, size), 1 + size);
        if (is_letter(in_[at_ + 1])) out_.lenient = true;
        emit_code_point(static_cast<unsigned char>(in_[at_ + 1]), 2);
    }

    void control() {
        if (at_ + 2 == in_.size() || !is_letter(in_[at_ + 2])) {
            return give_up(Outcome::Malformed, "\\c needs a letter behind it");
        }
        emit_code_point(static_cast<unsigned char>(in_[at_ + 2]) % 32, 3);
    }

    /// The number of `count` hexadecimal digits at `at`.
    [[nodiscard]] std::optional<std::uint32_t> hex_at(std::size_t at, std::size_t count) const {
        if (at + count > in_.size()) return std::nullopt;
        std::uint32_t value = 0;
        for (const char c : in_.substr(at, count)) {
            const int lower = c | 0x20;
            if (is_digit(c)) {
                value = value * 16 + static_cast<std::uint32_t>(c - '0');
            } else if (lower >= 'a' && lower <= 'f') {
                value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
            } else {
                return std::nullopt;
            }
        }
        return value;
    }

    void hexadecimal(std::size_t digits) {
        if (const auto value = hex_at(at_ + 2, digits)) return emit_code_point(*value, 2 + digits);
        identity();
    }

    /// \uXXXX, a pair of surrogates, or \u{X...}.
    void unicode() {
        if (at_ + 2 < in_.size() && in_[at_ + 2] == '{') {
            const std::size_t end = in_.find('}', at_);
            const std::size_t digits = end == std::string_view::npos ? 0 : end - at_ - 3;
            const auto value = digits >= 1 && digits <= 6 ? hex_at(at_ + 3, digits) : std::nullopt;
            if (!value || *value > 0x10FFFF)
                return give_up(Outcome::Malformed, "\\u{ needs a code point and }");
            return emit_code_point(*value, digits + 4);
        }
        const auto high = hex_at(at_ + 2, 4);
        if (!high || *high < 0xD800 || *high > 0xDFFF) return hexadecimal(4);
        const auto low = in_.substr(at_ + 6).starts_with("\\u") ? hex_at(at_ + 8, 4) : std::nullopt;
        if (*high > 0xDBFF || !low || *low < 0xDC00 || *low > 0xDFFF) {
            return give_up(Outcome::Unsupported, "half a surrogate pair");
        }
        emit_code_point(0x10000 + ((*high - 0xD800) << 10U) + (*low - 0xDC00), 12);
    }

    /// \p{Lu}, \p{Letter}, \p{Script=Greek}: RE2 knows the short names of categories and the scripts.
    void property() {
        static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kShort{{
            {"Letter", "L"},
            {"Lowercase_Letter", "Ll"},
            {"Uppercase_Letter", "Lu"},
            {"Titlecase_Letter", "Lt"},
            {"Mark", "M"},
            {"Number", "N"},
            {"Decimal_Number", "Nd"},
            {"digit", "Nd"},
            {"Punctuation", "P"},
            {"punct", "P"},
            {"Symbol", "S"},
            {"Separator", "Z"},
            {"Space_Separator", "Zs"},
            {"Other", "C"},
        }};
        const std::size_t end = in_.find('}', at_);
        if (at_ + 2 == in_.size() || in_[at_ + 2] != '{' || end == std::string_view::npos) return identity();
        std::string_view name = in_.substr(at_ + 3, end - at_ - 3);
        for (const std::string_view prefix : {"Script=", "sc=", "General_Category=", "gc="}) {
            if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
        }
        for (const auto& [from, to] : kShort) {
            if (name == from) name = to;
        }
        out_.text += fmt::format("\\{}{{{}}}", in_[at_ + 1], name);
        at_ = end + 1;
    }

    std::string_view in_;
    std::size_t at_ = 0;
    Translation out_;
};

/// Most patterns need a tenth of this; the rest of it bounds the cache of automaton states, which input from
/// outside can make grow.
constexpr std::int64_t kUsualMemory = std::int64_t{512} << 10U;
constexpr std::int64_t kMostMemory = std::int64_t{8} << 20U;

/// "{2,1}"; RE2 refuses it with the same code as a count that is too high.
bool runs_backwards(std::string_view repetition) {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    const char* const end = repetition.data() + repetition.size();
    const auto first = std::from_chars(repetition.data() + 1, end, least);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ',') return false;
    return std::from_chars(first.ptr + 1, end, most).ec == std::errc{} && most < least;
}

std::unique_ptr<re2::RE2> compile(const std::string& text, std::int64_t memory) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(memory);
    return std::make_unique<re2::RE2>(text, options);
}

}  // namespace

Translation translate_pattern(std::string_view ecma) {
    return Translator{ecma}.run();
}

bool is_ecma_pattern(std::string_view text) {
    const Pattern pattern{text};
    return pattern.outcome() != Outcome::Malformed && !pattern.is_lenient();
}

Pattern::Pattern(std::string_view ecma) : text_{ecma} {
    Translation translation = translate_pattern(ecma);
    outcome_ = translation.outcome;
    is_lenient_ = translation.lenient;
    reason_ = std::move(translation.reason);
    if (outcome_ != Outcome::Done) return;
    regex_ = compile(translation.text, kUsualMemory);
    if (regex_->error_code() == re2::RE2::ErrorPatternTooLarge)
        regex_ = compile(translation.text, kMostMemory);
    if (regex_->ok()) return;
    switch (regex_->error_code()) {
        case re2::RE2::ErrorRepeatSize:
            if (runs_backwards(regex_->error_arg())) {
                outcome_ = Outcome::Malformed;
                reason_ = "the counts of " + regex_->error_arg() + " are in the wrong order";
            } else {
                outcome_ = Outcome::Unsupported;
                reason_ = "a repetition above 1,000";
            }
            break;
        case re2::RE2::ErrorPatternTooLarge:
            outcome_ = Outcome::Unsupported;
            reason_ = "more memory than a pattern may take";
            break;
        case re2::RE2::ErrorBadCharRange:
            outcome_ = translation.text.find("\\p") == std::string::npos &&
                               translation.text.find("\\P") == std::string::npos
                           ? Outcome::Malformed
                           : Outcome::Unsupported;
            reason_ = regex_->error();
            break;
        default:
            outcome_ = Outcome::Malformed;
            reason_ = regex_->error();
            break;
    }
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;

bool Pattern::found_in(std::string_view text) const {
    return regex_->Match(re2::StringPiece{text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED,
                         nullptr, 0);
}

}  // namespace aep::xdm
