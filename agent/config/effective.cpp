#include "config/effective.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace aep::config {
namespace {

bool is_plain(std::string_view text) {
    const auto letter = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    const auto safe = [&letter](char c) {
        return letter(c) || std::string_view{"_-./@:*%"}.find(c) != std::string_view::npos;
    };
    return !text.empty() && (letter(text.front()) || text.front() == '/') && text.back() != ':' &&
           text != "null" && std::all_of(text.begin(), text.end(), safe);
}

/// Plain where that is safe, else in double quotes; `${` is written so that it stays literal.
std::string scalar(std::string_view text) {
    if (is_plain(text)) return std::string{text};
    std::string quoted = "\"";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' || c == '\\') quoted += '\\';
        if (text.substr(i).starts_with("${")) quoted += '$';
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

std::string origin_of(const Value* value) {
    if (value == nullptr) return "default";
    std::string origin = "command line";
    if (value->place.file) origin = fmt::format("{}:{}", value->place.file->name, value->place.line);
    if (value->substituted.empty()) return origin;
    return fmt::format("{}, {}", origin, fmt::join(value->substituted, ", "));
}

/// `lead` is what the first line begins with: the indent, or the indent that ends in "- " for a list's item.
void write(const Effective& node, std::string lead, std::string& out) {
    if (node.key.empty() && !node.children.empty()) {
        lead += "- ";
        for (const Effective& child : node.children) {
            write(child, lead, out);
            std::replace(lead.begin(), lead.end(), '-', ' ');
        }
        return;
    }
    if (node.value.empty() && node.children.empty()) return;
    std::string line = lead;
    line += node.key.empty() ? "- " + node.value : node.key + ":";
    if (!node.key.empty() && !node.value.empty()) line += " " + node.value;
    out += fmt::format("{:<56}  # {}\n", line, node.origin);
    const std::string indent(lead.size() + 2, ' ');
    for (const Effective& child : node.children) write(child, indent, out);
}

}  // namespace

Effective& Effective::add(std::string_view name, std::string_view text, const Value* from) {
    return children.emplace_back(Effective{std::string{name}, scalar(text), origin_of(from), {}});
}

Effective& Effective::add_branch(std::string_view name, const Value* from) {
    return children.emplace_back(Effective{std::string{name}, {}, origin_of(from), {}});
}

std::string to_yaml(const Effective& root) {
    std::string out;
    for (const Effective& child : root.children) write(child, "", out);
    return out;
}

}  // namespace aep::config
