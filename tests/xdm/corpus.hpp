#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "base/json_text.hpp"
#include "xdm/json.hpp"
#include "xdm/violation_text.hpp"

/// Test data that is not part of the project: it stands beside it, or where an environment variable says.
namespace aep::xdm::test {

inline std::optional<std::filesystem::path> corpus_directory(const char* variable, const char* name) {
    const char* from_environment = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
    const std::filesystem::path directory = from_environment != nullptr
                                                ? std::filesystem::path{from_environment}
                                                : std::filesystem::path{AEP_AGENT_SHARED_DIR} / name;
    if (std::filesystem::is_directory(directory)) return directory;
    return std::nullopt;
}

inline std::string read_file(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    EXPECT_TRUE(in.is_open()) << file;
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// A value as JSON text again.
inline void append_json(std::string& out, const Json& value) {
    const auto list = [&](char open, char close, const auto& elements, const auto& append) {
        out += open;
        bool is_first = true;
        for (const auto& element : elements) {
            if (!is_first) out += ',';
            is_first = false;
            append(element);
        }
        out += close;
    };
    switch (value.kind()) {
        case ValueKind::String:
            return base::append_json_string(out, value.text());
        case ValueKind::Big:
            out += value.text();
            return;
        case ValueKind::Array:
            return list('[', ']', value.items(), [&](const Json& item) { append_json(out, item); });
        case ValueKind::Object:
            return list('{', '}', value.members(), [&](const JsonMember& member) {
                base::append_json_string(out, member.key);
                out += ':';
                append_json(out, member.value);
            });
        default:
            out += value_text(JsonView{&value});
    }
}

}  // namespace aep::xdm::test
