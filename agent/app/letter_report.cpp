#include "app/letter_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "base/bytes.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "store/done_lines.hpp"
#include "store/letter_reader.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;
using base::printable;
using store::StoredLetter;

constexpr std::size_t kMostFaults = 20;

using Groups = std::map<std::pair<std::string, std::string>, LetterGroup>;

void count(const StoredLetter& letter, Groups& groups) {
    LetterGroup& group = groups[{letter.code, letter.stream}];
    if (group.count++ == 0) {
        group.code = letter.code;
        group.stream = letter.stream;
        group.first = group.last = letter.time;
    }
    group.first = std::min(group.first, letter.time);
    group.last = std::max(group.last, letter.time);
}

std::vector<LetterGroup> most_first(const Groups& groups) {
    std::vector<LetterGroup> sorted;
    for (const auto& [key, group] : groups) sorted.push_back(group);
    std::ranges::stable_sort(sorted, std::ranges::greater{}, &LetterGroup::count);
    return sorted;
}

std::string json_text(std::string_view text) {
    std::string out;
    base::append_json_string(out, base::to_utf8(text));
    return out;
}

std::string comma(const std::string& list) {
    return list.empty() ? "" : ",";
}

}  // namespace

LetterReport read_letters(const std::vector<fs::path>& files, const LetterFilter& filter,
                          const OnLetter& each) {
    LetterReport report;
    Groups groups;
    const auto fault = [&report](std::string text) {
        if (report.faults.size() < kMostFaults) report.faults.push_back(std::move(text));
    };
    for (const fs::path& path : files) {
        auto reader = store::LetterReader::open(path, store::LetterReader::Hold::None);
        if (!reader) {
            fault(reader.error().message);
            continue;
        }
        std::error_code ignored;
        LetterFileState state{.file = path.string(), .is_open = store::is_held(path)};
        state.bytes = fs::file_size(path, ignored);
        const store::DoneLines done = store::DoneLines::of(path);
        while (const auto line = reader->next()) {
            if (done.contains(line->number)) {
                ++state.replayed;
                continue;
            }
            const auto letter = store::parse_letter(line->text);
            if (!letter) {
                fault(fmt::format("{}:{}: {}", state.file, line->number, letter.error().message));
                continue;
            }
            if (!filter.matches(*letter)) continue;
            ++state.letters;
            count(*letter, groups);
            if (each) each(*letter, line->text);
        }
        report.letters += state.letters;
        report.bytes += state.bytes;
        report.files.push_back(std::move(state));
    }
    report.groups = most_first(groups);
    return report;
}

std::string to_table(const LetterReport& report) {
    std::string out;
    if (report.letters > 0) {
        out += fmt::format("{:<24} {:<20} {:>9}  {:<24}  {}\n", "CODE", "STREAM", "LETTERS", "FIRST", "LAST");
    }
    for (const LetterGroup& group : report.groups) {
        out +=
            fmt::format("{:<24} {:<20} {:>9}  {:<24}  {}\n", printable(group.code), printable(group.stream),
                        group.count, printable(group.first), printable(group.last));
    }
    if (report.letters > 0) out += '\n';
    for (const LetterFileState& file : report.files) {
        out += fmt::format("{:>9} letters  {:>9}  {}{}{}\n", file.letters, base::human_bytes(file.bytes),
                           printable(file.file), file.is_open ? "  (in use)" : "",
                           file.replayed > 0 ? fmt::format("  ({} more are replayed)", file.replayed) : "");
    }
    out += fmt::format("{:>9} letters  {:>9}  in {} files\n", report.letters, base::human_bytes(report.bytes),
                       report.files.size());
    return out;
}

std::string to_text(const StoredLetter& letter) {
    std::string out = fmt::format("{}  {}  stream {}", printable(letter.time), printable(letter.code),
                                  printable(letter.stream));
    const auto line = [&out](std::string_view name, const std::string& value) {
        if (!value.empty()) out += fmt::format("\n    {:<10} {}", name, printable(value));
    };
    const auto number = [&line](std::string_view name, std::uint64_t value) {
        if (value > 0) line(name, std::to_string(value));
    };
    line("reason", letter.reason);
    line("errors", letter.errors);
    number("status", letter.status);
    line("answer", letter.answer);
    number("attempts", letter.attempts);
    line("source", letter.source);
    line(letter.is_file ? "file" : "origin", letter.name);
    line("position", std::to_string(letter.position));
    number("true_size", letter.true_size);
    line("id", letter.id);
    line("first_time", letter.first_time);
    number("replays", letter.replays);
    line(letter.form == record::DeadLetter::Form::Entity ? "entity" : "record", letter.content);
    return out + "\n\n";
}

std::string to_json(const LetterReport& report) {
    std::string groups;
    for (const LetterGroup& group : report.groups) {
        groups += fmt::format("{}{{\"code\":{},\"stream\":{},\"letters\":{},\"first\":{},\"last\":{}}}",
                              comma(groups), json_text(group.code), json_text(group.stream), group.count,
                              json_text(group.first), json_text(group.last));
    }
    std::string files;
    for (const LetterFileState& file : report.files) {
        files += fmt::format("{}{{\"file\":{},\"letters\":{},\"replayed\":{},\"bytes\":{},\"in_use\":{}}}",
                             comma(files), json_text(file.file), file.letters, file.replayed, file.bytes,
                             file.is_open);
    }
    return fmt::format("{{\"letters\":{},\"bytes\":{},\"groups\":[{}],\"files\":[{}]}}\n", report.letters,
                       report.bytes, groups, files);
}

}  // namespace aep::app
