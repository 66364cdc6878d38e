#include <openssl/evp.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "base/version.hpp"
#include "store/dead_letter_file.hpp"
#include "store/stored_letter.hpp"

namespace aep::store {
namespace {

void add_key(std::string& line, std::string_view key) {
    if (line.back() != '{') line += ',';
    base::append_json_string(line, key);
    line += ':';
}

// Text of ours or of the inlet: an invalid byte is replaced. Record contents are kept to the byte instead.
void add_text(std::string& line, std::string_view key, std::string_view text) {
    add_key(line, key);
    base::append_json_string(line, base::to_utf8(text));
}

void add_number(std::string& line, std::string_view key, std::uint64_t number) {
    add_key(line, key);
    line += std::to_string(number);
}

void add_errors(std::string& line, const std::vector<record::Violation>& errors) {
    add_key(line, "errors");
    line += '[';
    for (const record::Violation& error : errors) {
        if (line.back() != '[') line += ',';
        line += '{';
        add_text(line, "keyword", error.keyword);
        add_text(line, "pointer", error.pointer);
        add_text(line, "message", error.message);
        line += '}';
    }
    line += ']';
}

// The entity is JSON already and goes in as it is. Line breaks can only be white space between its tokens.
void add_entity(std::string& line, std::string_view entity) {
    add_key(line, "content");
    if (entity.empty()) entity = "null";
    std::transform(entity.begin(), entity.end(), std::back_inserter(line),
                   [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
}

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL adds a NUL
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

void add_record(std::string& line, std::string_view bytes) {
    if (base::is_utf8(bytes)) return add_text(line, "content", bytes);
    add_text(line, "content_base64", base64(bytes));
}

void add_where(std::string& line, const record::DeadLetter& letter) {
    add_text(line, "stream", letter.stream);
    if (letter.origin) {
        add_text(line, "source", letter.origin->source);
        add_text(line, letter.origin->is_file ? "file" : "origin", letter.origin->name);
        if (!letter.origin->generation.empty()) add_text(line, "generation", letter.origin->generation);
    }
    add_number(line, "position", letter.position);
}

void add_answer(std::string& line, const record::DeadLetter& letter) {
    if (letter.status > 0) add_number(line, "status", static_cast<std::uint64_t>(letter.status));
    if (!letter.answer.empty()) add_text(line, "answer", letter.answer);
    const record::Replay* before = letter.origin ? letter.origin->replay.get() : nullptr;
    const std::uint64_t attempts = letter.attempts + (before != nullptr ? before->attempts : 0);
    if (attempts > 0) add_number(line, "attempts", attempts);
}

// What tells people and tools which record it was, and by whom and when it was made a dead letter.
void add_history(std::string& line, const record::DeadLetter& letter) {
    const std::string id = letter.true_size > 0 ? "" : find_id(letter.content);
    if (!id.empty()) add_text(line, "id", id);
    add_text(line, "agent_version", base::kVersion);
    const record::Replay* before = letter.origin ? letter.origin->replay.get() : nullptr;
    if (before == nullptr) return;
    add_text(line, "first_time", before->first_time);
    add_number(line, "replays", before->replays);
}

}  // namespace

std::string to_line(const record::DeadLetter& letter) {
    std::string line;
    line.reserve(letter.content.size() + letter.answer.size() + 512);
    line += '{';
    add_text(line, "time", base::format_rfc3339(letter.time));
    add_text(line, "code", letter.code);
    add_text(line, "reason", letter.reason);
    if (!letter.errors.empty()) add_errors(line, letter.errors);
    add_where(line, letter);
    add_answer(line, letter);
    if (letter.true_size > 0) add_number(line, "true_size", letter.true_size);
    add_history(line, letter);
    const bool is_entity = letter.form == record::DeadLetter::Form::Entity;
    add_text(line, "form", is_entity ? "entity" : "record");
    if (is_entity) {
        add_entity(line, letter.content);
    } else {
        add_record(line, letter.content);
    }
    line += "}\n";
    return line;
}

}  // namespace aep::store
