#include "app/position_lines.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/utf8.hpp"

namespace aep::app {
namespace {

namespace json = boost::json;
using record::FileMark;

std::uint64_t parse_hex(std::string_view digits) {
    std::size_t used = 0;
    const std::uint64_t value = std::stoull(std::string{digits}, &used, 16);
    if (used != digits.size()) throw std::invalid_argument{"not hexadecimal"};
    return value;
}

// What format_rfc3339 writes.
base::WallTime parse_time(const std::string& text) {
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    int millis = 0;
    if (rest == nullptr || std::sscanf(rest, ".%3dZ", &millis) != 1) {
        throw std::invalid_argument{"last_seen is no time"};
    }
    return base::WallClock::from_time_t(::timegm(&parts)) + std::chrono::milliseconds{millis};
}

FileMark from_object(const json::object& object) {
    FileMark mark;
    mark.source = object.at("source").as_string();
    mark.path = object.at("file").as_string();
    mark.position = object.at("position").to_number<std::uint64_t>();
    mark.finished = object.at("finished").as_bool();
    mark.last_seen = parse_time(std::string{object.at("last_seen").as_string()});
    mark.generation = object.at("generation").as_string();
    mark.device = object.at("device").to_number<std::uint64_t>();
    mark.inode = object.at("inode").to_number<std::uint64_t>();
    const json::object& fingerprint = object.at("fingerprint").as_object();
    mark.fingerprint.size = fingerprint.at("size").to_number<std::uint32_t>();
    const std::string hash{fingerprint.at("hash").as_string()};
    if (hash.size() != 32) throw std::invalid_argument{"fingerprint.hash is not 32 hex digits"};
    mark.fingerprint.high = parse_hex(std::string_view{hash}.substr(0, 16));
    mark.fingerprint.low = parse_hex(std::string_view{hash}.substr(16));
    // Earlier versions wrote none.
    if (const json::value* tail = object.if_contains("tail")) {
        mark.tail.end = tail->as_object().at("end").to_number<std::uint64_t>();
        mark.tail.size = tail->as_object().at("size").to_number<std::uint32_t>();
        mark.tail.hash = parse_hex(std::string_view{tail->as_object().at("hash").as_string()});
        if (mark.tail.end > mark.position) throw std::invalid_argument{"tail.end is behind the position"};
    }
    // Keys of the store are bounded, and bytes below 0x20 separate their parts.
    const auto is_plain = [](const std::string& text) {
        return !text.empty() && text.size() <= 64 &&
               std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    };
    if (!is_plain(mark.source) || !is_plain(mark.generation)) {
        throw std::invalid_argument{"source and generation are 1 to 64 visible characters"};
    }
    return mark;
}

std::string size_text(const std::optional<std::uint64_t>& size) {
    return size ? std::to_string(*size) : "gone";
}

std::string lag_text(const FileMark& mark, const std::optional<std::uint64_t>& size) {
    return size ? std::to_string(*size - std::min(*size, mark.position)) : "-";
}

}  // namespace

std::string to_line(const FileMark& mark) {
    json::object object;
    object["source"] = mark.source;
    object["file"] = base::to_utf8(mark.path);
    object["position"] = mark.position;
    object["finished"] = mark.finished;
    object["last_seen"] = base::format_rfc3339(mark.last_seen);
    object["generation"] = mark.generation;
    object["device"] = mark.device;
    object["inode"] = mark.inode;
    object["fingerprint"] =
        json::object{{"size", mark.fingerprint.size},
                     {"hash", fmt::format("{:016x}{:016x}", mark.fingerprint.high, mark.fingerprint.low)}};
    if (mark.tail.end > 0) {
        object["tail"] = json::object{{"end", mark.tail.end},
                                      {"size", mark.tail.size},
                                      {"hash", fmt::format("{:016x}", mark.tail.hash)}};
    }
    return json::serialize(object);
}

base::Result<FileMark> parse_line(std::string_view line) try {
    return base::ok(from_object(json::parse(json::string_view{line.data(), line.size()}).as_object()));
} catch (const boost::system::system_error& problem) {  // its text names lines of the library
    return base::Error{fmt::format("is no line of `positions export`: {}", problem.code().message())};
} catch (const std::exception& problem) {
    return base::Error{fmt::format("is no line of `positions export`: {}", problem.what())};
}

std::optional<std::uint64_t> size_of(const FileMark& mark) {
    struct stat status {};
    if (::stat(mark.path.c_str(), &status) != 0) return std::nullopt;
    if (status.st_ino != mark.inode || status.st_dev != mark.device) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
}

std::string to_table(const std::vector<FileMark>& marks) {
    using Row = std::array<std::string, 8>;
    std::vector<Row> rows{
        {"SOURCE", "POSITION", "SIZE", "LAG", "FINISHED", "LAST SEEN", "GENERATION", "FILE"}};
    for (const FileMark& mark : marks) {
        const auto size = size_of(mark);
        rows.push_back({mark.source, std::to_string(mark.position), size_text(size), lag_text(mark, size),
                        mark.finished ? "yes" : "no", base::format_rfc3339(mark.last_seen),
                        mark.generation.substr(0, 8), base::printable(mark.path)});
    }
    std::array<std::size_t, 8> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string table;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i) {
            const bool is_number = i >= 1 && i <= 3;
            table += is_number ? fmt::format("{:>{}}  ", row[i], widths[i])
                               : fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        table += row.back();
        table += '\n';
    }
    return table;
}

}  // namespace aep::app
