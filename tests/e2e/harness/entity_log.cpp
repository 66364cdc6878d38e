#include "harness/entity_log.hpp"

#include <sstream>

#include "harness/temp_dir.hpp"

namespace aep::e2e {
namespace {

constexpr std::size_t kPart = std::size_t{1} << 20U;

/// The string behind the first "_id" key; empty where there is none. The records of these tests have no other
/// key of that name, and no escapes in it, so that a million of them take no JSON parser.
std::string_view id_of(std::string_view line) {
    constexpr std::string_view kKey = "\"_id\":\"";
    const std::size_t key = line.find(kKey);
    if (key == std::string_view::npos) return {};
    const std::string_view value = line.substr(key + kKey.size());
    return value.substr(0, value.find('"'));
}

}  // namespace

std::size_t EntityLog::read() {
    std::ifstream in{file_, std::ios::binary};
    in.seekg(static_cast<std::streamoff>(offset_));
    std::string part(kPart, '\0');
    std::string lines;
    while (in.read(part.data(), static_cast<std::streamsize>(part.size())), in.gcount() > 0) {
        lines.append(part, 0, static_cast<std::size_t>(in.gcount()));
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
            take(std::string_view{lines}.substr(begin, end - begin));
        }
        lines.erase(0, begin);
        offset_ += begin;
    }
    return size_;
}

void EntityLog::take(std::string_view line) {
    ++size_;
    ++counts_[std::string{id_of(line)}];
}

std::uint32_t EntityLog::count(const std::string& id) const {
    const auto found = counts_.find(id);
    return found == counts_.end() ? 0 : found->second;
}

std::vector<std::string> EntityLog::missing(const std::vector<std::string>& expected) const {
    std::vector<std::string> lost;
    for (const std::string& id : expected) {
        if (count(id) == 0) lost.push_back(id);
    }
    return lost;
}

std::vector<std::string> ids_in_order(const std::filesystem::path& entities_file) {
    std::vector<std::string> ids;
    std::istringstream lines{read_file(entities_file)};
    for (std::string line; std::getline(lines, line);) ids.emplace_back(id_of(line));
    return ids;
}

std::map<std::uint64_t, Arrivals> arrivals_by_number(std::istream& lines) {
    constexpr std::string_view kKey = R"("number":)";
    std::map<std::uint64_t, Arrivals> all;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find(kKey);
        if (at == std::string::npos) continue;
        Arrivals& one = all[std::stoull(line.substr(at + kKey.size())) - 1'000'000'000];
        one.ids.emplace(id_of(line));
        ++one.count;
    }
    return all;
}

std::map<std::uint64_t, Arrivals> arrivals_by_number(const std::filesystem::path& entities_file) {
    std::ifstream lines{entities_file};
    return arrivals_by_number(lines);
}

}  // namespace aep::e2e
