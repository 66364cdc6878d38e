#include <algorithm>
#include <array>
#include <cctype>

#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

/// Together they stand in the head room of a batch, beside what the agent itself sends.
constexpr std::size_t kMaxHeaderBytes = 512;
constexpr std::string_view kHidden = "***";

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool is_reserved(std::string_view name) {
    constexpr std::array<std::string_view, 6> kReserved{
        "host", "content-length", "content-encoding", "content-type", "transfer-encoding", "connection"};
    return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

/// False, and reported, where the header must not be sent. Never quotes the value: it may be a secret.
bool check_header(MapReader& destination, const Value::Entry& header) {
    const auto fail = [&](const char* text, const char* suggestion) {
        Value at_key = header.value;
        at_key.place = header.place;
        destination.fail(at_key, text, suggestion);
        return false;
    };
    if (!is_header_name(header.key)) return fail("is not a header name", "use letters, digits and '-'");
    if (is_reserved(lower(header.key))) return fail("is set by the agent itself", "remove it");
    if (header.value.broken) return false;
    if (header.value.type != Value::Type::Scalar || !is_header_value(header.value.text)) {
        return fail("is not a header value", "write one line without control characters");
    }
    return true;
}

}  // namespace

void read_headers(MapReader& destination, std::vector<std::pair<std::string, std::string>>& out) {
    destination.ignore({"headers"});
    const Value* headers = destination.find("headers");
    if (headers == nullptr || headers->broken) return;
    if (headers->type != Value::Type::Map) {
        destination.fail(*headers, "expected a map, not " + std::string{name_of(headers->type)},
                         "write {name: value}");
        return;
    }
    Effective& shown = destination.shown().add_branch("headers", headers);
    std::vector<std::string> names;
    std::size_t bytes = 0;
    for (const Value::Entry& header : headers->entries) {
        if (!check_header(destination, header)) continue;
        if (std::find(names.begin(), names.end(), lower(header.key)) != names.end()) {
            destination.fail(header.value, "is given twice", "header names do not distinguish capitals");
            continue;
        }
        names.push_back(lower(header.key));
        bytes += header.key.size() + header.value.text.size() + std::string_view{": \r\n"}.size();
        out.emplace_back(header.key, header.value.text);
        shown.add(header.key, is_secret_header(header.key) ? kHidden : header.value.text, &header.value);
    }
    if (bytes > kMaxHeaderBytes)
        destination.fail(*headers, "is larger than 512 bytes", "send fewer or shorter headers");
}

}  // namespace aep::config
