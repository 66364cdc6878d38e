#include "store/stored_letter.hpp"

#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace aep::store {
namespace {

namespace dom = simdjson::dom;

std::string text_of(const dom::object& line, std::string_view key) {
    std::string_view text;
    return line[key].get(text) == simdjson::SUCCESS ? std::string{text} : std::string{};
}

std::uint64_t number_of(const dom::object& line, std::string_view key) {
    std::uint64_t number = 0;
    return line[key].get(number) == simdjson::SUCCESS ? number : 0;
}

std::optional<std::string> from_base64(const std::string& text) {
    std::string bytes(text.size(), '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return std::nullopt;
    const auto padding = static_cast<std::size_t>(
        std::ranges::count(text.substr(text.size() - std::min<std::size_t>(2, text.size())), '='));
    bytes.resize(static_cast<std::size_t>(size) - padding);
    return bytes;
}

/// The entity's own text, because numbers must keep every digit. `line` has been parsed, so it is valid.
std::optional<std::string> raw_content(const simdjson::padded_string& line) {
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::object members;
    if (parser.iterate(line).get(document) != simdjson::SUCCESS) return std::nullopt;
    if (document.get_object().get(members) != simdjson::SUCCESS) return std::nullopt;
    simdjson::ondemand::object content;
    std::string_view raw;
    if (members["content"].get_object().get(content) != simdjson::SUCCESS) return std::nullopt;
    if (content.raw_json().get(raw) != simdjson::SUCCESS) return std::nullopt;
    return std::string{raw.substr(0, raw.find_last_of('}') + 1)};
}

base::Error no_letter(const std::string& why) {
    return base::Error{"not a dead letter: " + why};
}

base::Result<> read_content(const dom::object& members, const simdjson::padded_string& line,
                            StoredLetter& letter) {
    std::optional<std::string> content;
    const std::string form = text_of(members, "form");
    if (form == "entity") {
        letter.form = record::DeadLetter::Form::Entity;
        content = raw_content(line);
        if (!content) return no_letter("`content` is not a JSON object, as form `entity` needs");
    } else if (form == "record") {
        std::string_view text;
        if (members["content_base64"].get(text) == simdjson::SUCCESS) {
            content = from_base64(std::string{text});
            if (!content) return no_letter("`content_base64` is not base64");
        } else if (members["content"].get(text) == simdjson::SUCCESS) {
            content = std::string{text};
        } else {
            return no_letter("`content` is not a string, as form `record` needs");
        }
    } else {
        return no_letter("`form` is neither `record` nor `entity`");
    }
    letter.content = std::move(*content);
    return {};
}

}  // namespace

base::Result<StoredLetter> parse_letter(std::string_view text) {
    const simdjson::padded_string line{text};
    dom::parser parser;
    dom::object members;
    if (parser.parse(line).get(members) != simdjson::SUCCESS) return no_letter("not a JSON object");
    StoredLetter letter;
    letter.time = text_of(members, "time");
    letter.code = text_of(members, "code");
    letter.reason = text_of(members, "reason");
    dom::array errors;
    if (members["errors"].get(errors) == simdjson::SUCCESS) letter.errors = simdjson::minify(errors);
    letter.stream = text_of(members, "stream");
    if (letter.stream.empty()) return no_letter("it has no `stream`");
    letter.source = text_of(members, "source");
    letter.is_file = members["file"].error() == simdjson::SUCCESS;
    letter.name = text_of(members, letter.is_file ? "file" : "origin");
    letter.generation = text_of(members, "generation");
    letter.position = number_of(members, "position");
    letter.status = number_of(members, "status");
    letter.answer = text_of(members, "answer");
    letter.attempts = number_of(members, "attempts");
    letter.true_size = number_of(members, "true_size");
    letter.id = text_of(members, "id");
    letter.agent_version = text_of(members, "agent_version");
    letter.first_time = text_of(members, "first_time");
    letter.replays = number_of(members, "replays");
    if (auto read = read_content(members, line, letter); !read) return read.error();
    return letter;
}

std::string find_id(std::string_view json) {
    const simdjson::padded_string text{json};
    dom::parser parser;
    dom::object members;
    if (parser.parse(text).get(members) != simdjson::SUCCESS) return "";
    return text_of(members, "_id");
}

}  // namespace aep::store
