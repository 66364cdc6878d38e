#include "xdm/json.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace aep::xdm {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

/// Below this number of members, comparing each with each is quicker than sorting.
constexpr std::size_t kFewMembers = 12;

/// Reads one document into `memory`. Every value is visited, because the on-demand parser checks only what is
/// asked for; numbers are checked here, as it would refuse those that fit no machine type.
class Reader {
  public:
    Reader(std::pmr::memory_resource& memory, const JsonLimits& limits) : memory_{memory}, limits_{limits} {}

    base::Result<Json> read(std::string_view text) {
        if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
            return base::Error{"the text is empty"};
        const simdjson::padded_string padded{text};
        ondemand::document document;
        error_code error = parser_.iterate(padded).get(document);
        // Without a document there is no place either.
        if (error != simdjson::SUCCESS) return base::Error{reason_of(error)};
        Json root;
        error = read_value(document, root);
        const char* at = nullptr;
        const bool is_out = document.current_location().get(at) == simdjson::OUT_OF_BOUNDS;
        const bool at_end = root_token_.empty() ? is_out : root_token_ == without_blanks(text);
        if (error == simdjson::SUCCESS) {
            if (at_end) return root;
            reason_ = "text behind the value";
        }
        if (reason_.empty()) reason_ = reason_of(error);
        const auto offset = at == nullptr ? text.size() : static_cast<std::size_t>(at - padded.data());
        return base::Error{place(text, std::min(offset, text.size())) + reason_};
    }

  private:
    static std::string_view without_blanks(std::string_view text) {
        constexpr std::string_view kBlanks = " \t\r\n";
        text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
        return text.substr(0, text.find_last_not_of(kBlanks) + 1);
    }

    static std::string place(std::string_view text, std::size_t offset) {
        const std::string_view before = text.substr(0, offset);
        const auto line = std::count(before.begin(), before.end(), '\n') + 1;
        const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        return fmt::format("line {}, column {}: ", line, offset - line_start + 1);
    }

    static std::string reason_of(error_code error) {
        switch (error) {
            case simdjson::UTF8_ERROR:
                return "invalid UTF-8";
            case simdjson::UNCLOSED_STRING:
                return "a string is not closed";
            case simdjson::STRING_ERROR:
                return "invalid escape sequence in a string";
            case simdjson::UNESCAPED_CHARS:
                return "a control character in a string is not escaped";
            case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
                return "an array or object is not closed";
            default:
                return "this is not JSON";
        }
    }

    template <class Value>
    error_code read_value(Value& value, Json& out) {
        ondemand::json_type type{};
        if (const error_code error = value.type().get(type)) return error;
        switch (type) {
            case ondemand::json_type::object:
                return read_object(value, out);
            case ondemand::json_type::array:
                return read_array(value, out);
            case ondemand::json_type::string: {
                std::string_view text;
                if (const error_code error = value.get_string().get(text)) return error;
                out = Json{ValueKind::String, keep(text)};
                return simdjson::SUCCESS;
            }
            case ondemand::json_type::boolean:
                return read_boolean(value, out);
            case ondemand::json_type::null:
                return read_null(value, out);
            case ondemand::json_type::number:
                return read_number(value, out);
        }
        return simdjson::TAPE_ERROR;
    }

    /// The text of a number, boolean or null. What follows is up to us, because simdjson 3.0.1 refuses
    /// numbers that fit no double, and of a document that is nothing else takes "nulla " for null and
    /// "falsee" for false, and refuses them with some blanks behind.
    template <class Value>
    error_code read_token(Value& value, std::string_view& token) {
        if constexpr (std::is_same_v<Value, ondemand::document>) {
            if (const error_code error = value.raw_json_token().get(token)) return error;
            token = root_token_ = without_blanks(token);
        } else {
            token = without_blanks(value.raw_json_token());
        }
        return simdjson::SUCCESS;
    }

    template <class Value>
    error_code read_boolean(Value& value, Json& out) {
        std::string_view token;
        if (const error_code error = read_token(value, token)) return error;
        if (token != "true" && token != "false") return simdjson::T_ATOM_ERROR;
        out = Json{token == "true"};
        // Only a getter moves the parser past the token, here and below.
        std::ignore = value.get_bool();
        return simdjson::SUCCESS;
    }

    template <class Value>
    error_code read_null(Value& value, Json& out) {
        std::string_view token;
        if (const error_code error = read_token(value, token)) return error;
        if (token != "null") return simdjson::N_ATOM_ERROR;
        out = Json{};
        std::ignore = value.is_null();
        return simdjson::SUCCESS;
    }

    template <class Value>
    error_code read_number(Value& value, Json& out) {
        std::string_view token;
        if (const error_code error = read_token(value, token)) return error;
        const std::optional<Json> number = to_number(token);
        if (!number) {
            reason_ = "invalid number";
            return simdjson::NUMBER_ERROR;
        }
        out = *number;
        std::ignore = value.get_double();
        return simdjson::SUCCESS;
    }

    std::optional<Json> to_number(std::string_view token) {
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        std::size_t at = 0;
        const auto digits = [&] {
            const std::size_t start = at;
            while (at < token.size() && is_digit(token[at])) ++at;
            return at - start;
        };
        if (at < token.size() && token[at] == '-') ++at;
        const std::size_t first = at;
        const std::size_t integer_digits = digits();
        if (integer_digits == 0 || (integer_digits > 1 && token[first] == '0')) return std::nullopt;
        bool is_integer = true;
        if (at < token.size() && token[at] == '.') {
            ++at;
            is_integer = false;
            if (digits() == 0) return std::nullopt;
        }
        if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
            ++at;
            is_integer = false;
            if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
            if (digits() == 0) return std::nullopt;
        }
        if (at != token.size()) return std::nullopt;
        return is_integer ? to_integer(token) : to_real(token);
    }

    Json to_integer(std::string_view token) {
        const char* end = token.data() + token.size();
        std::int64_t integer = 0;
        if (std::from_chars(token.data(), end, integer).ec == std::errc{}) return Json{integer};
        std::uint64_t large = 0;
        if (std::from_chars(token.data(), end, large).ec == std::errc{} && token.front() != '-') {
            return Json{large};
        }
        return Json{ValueKind::Big, keep(token)};
    }

    Json to_real(std::string_view token) {
        double real = 0;
        if (std::from_chars(token.data(), token.data() + token.size(), real).ec == std::errc{}) {
            return Json{real};
        }
        return Json{ValueKind::Big, keep(token)};
    }

    template <class Value>
    error_code read_array(Value& value, Json& out) {
        if (is_too_deep()) return simdjson::DEPTH_ERROR;
        ondemand::array array;
        if (const error_code error = value.get_array().get(array)) return error;
        ++depth_;
        const std::size_t first = items_.size();
        for (auto element : array) {
            ondemand::value item;
            if (const error_code error = element.get(item)) return error;
            Json read;
            if (const error_code error = read_value(item, read)) return error;
            items_.push_back(read);
        }
        --depth_;
        out = Json{std::span<const Json>{keep_all(items_, first)}};
        return simdjson::SUCCESS;
    }

    template <class Value>
    error_code read_object(Value& value, Json& out) {
        if (is_too_deep()) return simdjson::DEPTH_ERROR;
        ondemand::object object;
        if (const error_code error = value.get_object().get(object)) return error;
        ++depth_;
        const std::size_t first = members_.size();
        for (auto element : object) {
            ondemand::field field;
            if (const error_code error = std::move(element).get(field)) return error;
            std::string_view key;
            if (const error_code error = field.unescaped_key().get(key)) return error;
            key = keep(key);
            Json read;
            if (const error_code error = read_value(field.value(), read)) return error;
            members_.push_back({key, read});
        }
        --depth_;
        const std::span<const JsonMember> members = keep_all(members_, first);
        if (limits_.refuse_duplicates && has_duplicate(members)) return simdjson::TAPE_ERROR;
        out = Json{members};
        return simdjson::SUCCESS;
    }

    bool is_too_deep() {
        if (depth_ < limits_.max_depth) return false;
        reason_ = fmt::format("arrays and objects are nested deeper than {}", limits_.max_depth);
        return true;
    }

    bool has_duplicate(std::span<const JsonMember> members) {
        const std::string_view* twice = nullptr;
        if (members.size() <= kFewMembers) {
            for (std::size_t i = 1; i < members.size(); ++i) {
                for (std::size_t j = 0; j < i; ++j) {
                    if (members[i].key == members[j].key) twice = &members[i].key;
                }
            }
        } else {
            keys_.clear();
            for (const JsonMember& member : members) keys_.push_back(member.key);
            std::sort(keys_.begin(), keys_.end());
            const auto found = std::adjacent_find(keys_.begin(), keys_.end());
            if (found != keys_.end()) twice = &*found;
        }
        if (twice == nullptr) return false;
        reason_ = fmt::format("the object that ends here has the key '{}' twice", twice->substr(0, 100));
        return true;
    }

    std::string_view keep(std::string_view text) {
        if (text.empty()) return "";
        auto* copy = static_cast<char*>(memory_.allocate(text.size(), 1));
        std::memcpy(copy, text.data(), text.size());
        return {copy, text.size()};
    }

    /// Moves the elements from `first` on to the document's memory.
    template <class T>
    std::span<const T> keep_all(std::vector<T>& stack, std::size_t first) {
        const std::size_t count = stack.size() - first;
        if (count == 0) return {};
        auto* copy = static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
        std::uninitialized_copy(stack.begin() + static_cast<std::ptrdiff_t>(first), stack.end(), copy);
        stack.resize(first);
        return {copy, count};
    }

    std::pmr::memory_resource& memory_;
    const JsonLimits& limits_;
    ondemand::parser parser_;
    std::vector<Json> items_;          ///< of the arrays being read, innermost last
    std::vector<JsonMember> members_;  ///< of the objects being read
    std::vector<std::string_view> keys_;
    std::size_t depth_ = 0;
    std::string reason_;
    std::string_view root_token_;  ///< the number, boolean or null that is the whole document
};

}  // namespace

const Json* Json::find(std::string_view key) const {
    if (!is_object()) return nullptr;
    for (const JsonMember& member : members()) {
        if (member.key == key) return &member.value;
    }
    return nullptr;
}

base::Result<JsonDocument> JsonDocument::parse(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.max_bytes) {
        return base::Error{
            fmt::format("the text has {} bytes, more than the limit of {}", text.size(), limits.max_bytes)};
    }
    JsonDocument document;
    document.memory_ = std::make_unique<std::pmr::monotonic_buffer_resource>(text.size() + 1024);
    Reader reader{*document.memory_, limits};
    const base::Result<Json> root = reader.read(text);
    if (root.has_error()) return root.error();
    document.root_ = std::make_unique<Json>(*root);
    return document;
}

}  // namespace aep::xdm
