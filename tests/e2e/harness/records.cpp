#include "harness/records.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace aep::e2e {
namespace {

/// Makes a JSON object at least so long, by a member at its end.
void pad(std::string& record, std::size_t bytes) {
    constexpr std::string_view kBefore = R"(,"note":")";
    constexpr std::string_view kAfter = R"("})";
    record.pop_back();
    const std::size_t now = record.size() + kBefore.size() + kAfter.size();
    record += kBefore;
    if (now < bytes) record.append(bytes - now, 'x');
    record += kAfter;
}

}  // namespace

std::string event_id(std::uint64_t number) {
    return fmt::format("e-{:07}", number);
}

std::string profile_id(std::uint64_t number) {
    return fmt::format("p-{:07}", number);
}

std::string event(std::uint64_t number, std::size_t bytes) {
    std::string record = fmt::format(
        R"({{"_id":"e-{:07}","timestamp":"2026-01-31T{:02}:{:02}:{:02}Z","eventType":"commerce.purchases",)"
        R"("_acme":{{"order":{},"price":{}.25,"customer":"müller-{}"}}}})",
        number, number / 3600 % 24, number / 60 % 60, number % 60, number, number % 1000, number % 5000);
    if (record.size() < bytes) pad(record, bytes);
    return record;
}

std::string profile(std::uint64_t number, std::size_t bytes) {
    std::string record = fmt::format(
        R"({{"_id":"p-{:07}","person":{{"name":{{"firstName":"Ayşe","lastName":"N{}"}}}},"_acme":{{"points":{}}}}})",
        number, number % 7, number * 50);
    if (record.size() < bytes) pad(record, bytes);
    return record;
}

std::string event_lines(std::uint64_t first, std::uint64_t count, std::size_t bytes) {
    std::string lines;
    for (std::uint64_t number = first; number < first + count; ++number) {
        lines += event(number, bytes);
        lines += '\n';
    }
    return lines;
}

std::vector<std::string> event_ids(std::uint64_t first, std::uint64_t count) {
    std::vector<std::string> ids;
    ids.reserve(count);
    for (std::uint64_t number = first; number < first + count; ++number) ids.push_back(event_id(number));
    return ids;
}

std::string anonymous_lines(std::uint64_t first, std::uint64_t count) {
    std::string lines;
    for (std::uint64_t number = first; number < first + count; ++number) {
        lines +=
            fmt::format("{{\"timestamp\":\"2024-01-01T00:00:00Z\",\"number\":{}}}\n", 1'000'000'000 + number);
    }
    return lines;
}

void append(const std::string& file, std::string_view bytes) {
    std::ofstream out{file, std::ios::binary | std::ios::app};
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw std::runtime_error{"cannot append to " + file};
}

}  // namespace aep::e2e
