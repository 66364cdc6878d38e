#include "config/substitute.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "config/read_text.hpp"

namespace aep::config {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kDefault = ":-";

bool is_variable_name(std::string_view name) {
    const auto word = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    const bool digit_first = !name.empty() && name.front() >= '0' && name.front() <= '9';
    return !name.empty() && !digit_first && std::all_of(name.begin(), name.end(), word);
}

class Substitution {
  public:
    Substitution(Value& value, const Environment& environment, Problems& problems)
        : value_{value}, environment_{environment}, problems_{problems} {}

    void run() {
        const std::string text = value_.text;
        std::string result;
        std::size_t at = 0;
        while (at < text.size() && !value_.broken) {
            const std::size_t dollar = std::min(text.find('$', at), text.size());
            result.append(text, at, dollar - at);
            at = replace(text, dollar, result);
        }
        const bool whole = text.starts_with("${") && end_of(text, 0) == text.size() - 1;
        if (!whole) value_.whole_file.clear();
        if (!value_.broken) value_.text = std::move(result);
    }

  private:
    /// Handles what begins at the '$' and returns where to go on.
    std::size_t replace(const std::string& text, std::size_t dollar, std::string& result) {
        const std::string_view rest = std::string_view{text}.substr(dollar);
        if (rest.empty()) return dollar;
        if (rest.starts_with("$${")) {
            result += "${";
            return dollar + 3;
        }
        if (!rest.starts_with("${")) {
            result += '$';
            return dollar + 1;
        }
        const std::size_t close = end_of(text, dollar);
        if (close == std::string::npos) {
            fail("'${' without '}'", "close it, or write '$${' for a literal '${'");
            return text.size();
        }
        result += expand(text.substr(dollar + 2, close - dollar - 2));
        return close + 1;
    }

    /// Of what begins at the '$'. The path of a file may itself hold variables: ${file:${DIR}/name}.
    static std::size_t end_of(const std::string& text, std::size_t dollar) {
        std::size_t close = text.find('}', dollar);
        if (text.compare(dollar + 2, kFile.size(), kFile) != 0) return close;
        for (std::size_t inner = text.find("${", dollar + 2); inner < close && close != std::string::npos;
             inner = text.find("${", inner + 2)) {
            close = text.find('}', close + 1);
        }
        return close;
    }

    /// The path of a file, its variables replaced.
    std::string path_of(const std::string& text) {
        std::string path;
        std::size_t at = 0;
        for (std::size_t next = 0; (next = text.find("${", at)) != std::string::npos;) {
            const std::size_t close = text.find('}', next);
            if (close == std::string::npos) break;
            path.append(text, at, next - at).append(expand(text.substr(next + 2, close - next - 2)));
            at = close + 1;
        }
        return path.append(text, at);
    }

    std::string expand(const std::string& inner) {
        if (inner.starts_with(kFile)) return from_file(path_of(inner.substr(kFile.size())));
        const std::size_t split = inner.find(kDefault);
        const std::string name = inner.substr(0, split);
        if (!is_variable_name(name)) {
            fail("${" + inner + "} does not name a variable",
                 "use letters, digits and '_', or write '$${' for a literal '${'");
            return {};
        }
        value_.substituted.push_back("${" + name + "}");
        std::optional<std::string> found = environment_(name);
        if (split != std::string::npos && (!found || found->empty())) {
            return inner.substr(split + kDefault.size());
        }
        if (!found) {
            fail("the environment variable " + name + " is not set",
                 "set it, or give a default: ${" + name + ":-default}");
        }
        return found.value_or("");
    }

    std::string from_file(const std::string& name) {
        const std::filesystem::path path =
            value_.place.file ? value_.place.file->directory / name : std::filesystem::path{name};
        value_.substituted.push_back("${file:" + name + "}");
        base::Result<std::string> text = read_text(path, kMaxSecretBytes);
        if (!text) {
            fail("${file:" + name + "}: " + text.error().message, {});
            return {};
        }
        if (text->ends_with('\n')) text->pop_back();
        value_.whole_file = std::filesystem::absolute(path).lexically_normal();
        return *text;
    }

    void fail(std::string text, std::string suggestion) {
        problems_.push_back({value_.place, value_.path + ": " + std::move(text), std::move(suggestion)});
        value_.broken = true;
    }

    Value& value_;
    const Environment& environment_;
    Problems& problems_;
};

/// A regular expression has its own use for '$' and braces.
bool holds_expression(std::string_view key) {
    return key == "pattern";
}

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        // Nothing in this process changes the environment.
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

void substitute(Value& root, const Environment& environment, Problems& problems) {
    if (root.type == Value::Type::Scalar) Substitution{root, environment, problems}.run();
    for (Value& item : root.items) substitute(item, environment, problems);
    for (Value::Entry& entry : root.entries) {
        if (!holds_expression(entry.key)) substitute(entry.value, environment, problems);
    }
}

}  // namespace aep::config
