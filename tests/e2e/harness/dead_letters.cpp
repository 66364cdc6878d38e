#include "harness/dead_letters.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>
#include <tuple>

namespace aep::e2e {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string text_of(const json::object& line, const char* key) {
    const json::value* value = line.if_contains(key);
    return value == nullptr ? "" : json::value_to<std::string>(*value);
}

std::uint64_t number_of(const json::object& line, const char* key) {
    const json::value* value = line.if_contains(key);
    return value == nullptr ? 0 : value->to_number<std::uint64_t>();
}

std::string from_base64(const std::string& text) {
    std::string bytes(text.size(), '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) throw std::runtime_error{"not base64: " + text};
    const auto padding = static_cast<std::size_t>(std::ranges::count(text, '='));
    bytes.resize(static_cast<std::size_t>(size) - padding);
    return bytes;
}

std::string content_of(const json::object& line) {
    if (line.contains("content_base64")) return from_base64(text_of(line, "content_base64"));
    const json::value& content = line.at("content");
    return text_of(line, "form") == "entity" ? json::serialize(content)
                                             : json::value_to<std::string>(content);
}

std::vector<std::string> errors_of(const json::object& line) {
    std::vector<std::string> errors;
    const json::value* list = line.if_contains("errors");
    if (list == nullptr) return errors;
    for (const json::value& entry : list->as_array()) {
        const json::object& error = entry.as_object();
        errors.push_back(text_of(error, "keyword") + " " + text_of(error, "pointer"));
    }
    return errors;
}

DeadLetter parse(const std::string& text) {
    const json::value value = json::parse(text);
    const json::object& line = value.as_object();
    return {.code = text_of(line, "code"),
            .reason = text_of(line, "reason"),
            .errors = errors_of(line),
            .stream = text_of(line, "stream"),
            .source = text_of(line, "source"),
            .file = text_of(line, "file"),
            .origin = text_of(line, "origin"),
            .position = number_of(line, "position"),
            .form = text_of(line, "form"),
            .content = content_of(line),
            .true_size = number_of(line, "true_size"),
            .status = static_cast<int>(number_of(line, "status")),
            .answer = text_of(line, "answer"),
            .first_time = text_of(line, "first_time"),
            .replays = number_of(line, "replays")};
}

void read_file(const fs::path& file, std::vector<DeadLetter>& letters) {
    std::ifstream in{file};
    for (std::string line; std::getline(in, line);) letters.push_back(parse(line));
}

}  // namespace

std::vector<DeadLetter> read_dead_letters(const fs::path& directory_or_file) {
    std::vector<DeadLetter> letters;
    if (fs::is_directory(directory_or_file)) {
        for (const auto& entry : fs::directory_iterator{directory_or_file}) {
            if (entry.path().extension() == ".ndjson") read_file(entry.path(), letters);
        }
    } else {
        read_file(directory_or_file, letters);
    }
    std::ranges::stable_sort(letters, {},
                             [](const DeadLetter& letter) { return std::tie(letter.file, letter.position); });
    return letters;
}

}  // namespace aep::e2e
