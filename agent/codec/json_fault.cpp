#include "codec/json_fault.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <cstdint>

namespace aep::codec {
namespace {

namespace json = boost::json;

/// Ignores everything but numbers that do not fit: an integer that became a double, a double that became
/// infinite.
struct NumberHandler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    std::string token;  ///< of a number that arrives in parts
    std::optional<std::string> out_of_range;

    // The names and signatures are those that basic_parser calls.
    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t, json::error_code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
    bool on_number_part(json::string_view part, json::error_code&) {
        token.append(part.data(), part.size());
        return true;
    }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return whole_number(); }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return whole_number(); }
    bool on_double(double value, json::string_view rest, json::error_code& error) {
        token.append(rest.data(), rest.size());
        const bool integer = token.find_first_of(".eE") == std::string::npos;
        if (integer || !std::isfinite(value)) {
            out_of_range = token;
            error = json::error::exponent_overflow;
            return false;
        }
        return whole_number();
    }

  private:
    bool whole_number() {
        token.clear();
        return true;
    }
};

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text, std::size_t max_depth) {
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<NumberHandler> parser{options};
    json::error_code error;
    const std::size_t consumed = parser.write_some(false, text.data(), text.size(), error);
    const auto& out_of_range = parser.handler().out_of_range;
    if (out_of_range || error == json::error::exponent_overflow) {
        constexpr std::size_t kShown = 40;
        const std::string token = out_of_range.value_or("");
        return JsonFault{.message = token.empty() ? "a number is out of range"
                                                  : "number " + token.substr(0, kShown) + " is out of range",
                         .offset = consumed > token.size() ? consumed - token.size() : 0,
                         .number_out_of_range = true};
    }
    if (error) return JsonFault{.message = error.message(), .offset = consumed};
    const std::size_t rest = text.find_first_not_of(" \t\r\n", consumed);
    if (rest != std::string_view::npos) {
        return JsonFault{.message = "extra text behind the value", .offset = rest};
    }
    return std::nullopt;
}

}  // namespace aep::codec
