#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "record/dead_letter.hpp"

namespace aep::store {

/// One line of a file of dead letters, read back (config/RECORDS.md, Dead letters). What a line does not hold
/// is empty or 0.
struct StoredLetter {
    std::string time;  ///< RFC 3339, as written
    std::string code;
    std::string reason;
    std::string errors;  ///< JSON array
    std::string stream;
    std::string source;
    std::string name;  ///< `file` or `origin`
    bool is_file = false;
    std::string generation;
    std::uint64_t position = 0;
    std::uint64_t status = 0;
    std::string answer;
    std::uint64_t attempts = 0;
    std::uint64_t true_size = 0;  ///< not 0: `content` is only the record's beginning
    std::string id;               ///< the record's or the entity's `_id`, where one is known
    std::string agent_version;
    std::string first_time;     ///< of a letter that was replayed: when it first became one
    std::uint64_t replays = 0;  ///< how often it was replayed before
    record::DeadLetter::Form form = record::DeadLetter::Form::Record;
    std::string content;  ///< the record's bytes, or the entity's JSON text
};

/// Fails on what is no dead letter, with what is wrong.
[[nodiscard]] base::Result<StoredLetter> parse_letter(std::string_view line);

/// The `_id` of a JSON object's text; empty where it has none or is no JSON object.
[[nodiscard]] std::string find_id(std::string_view json);

}  // namespace aep::store
