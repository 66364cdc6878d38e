#include "app/replay_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include "store/letter_directory.hpp"

namespace aep::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFaults = 5;

std::string place_of(const fs::path& file, std::uint64_t line) {
    return fmt::format("{}:{}", file.string(), line);
}

}  // namespace

base::Result<std::unique_ptr<ReplayBook>> ReplayBook::open(const std::vector<fs::path>& files,
                                                           const LetterFilter& filter,
                                                           std::vector<fs::path>& left_out) {
    std::unique_ptr<ReplayBook> book{new ReplayBook};
    for (const fs::path& path : files) {
        if (book->files_.size() == kMostFiles) break;
        auto held = store::LetterReader::open(path, store::LetterReader::Hold::Exclusive);
        if (!held && held.error().code == boost::system::errc::resource_unavailable_try_again) {
            left_out.push_back(path);
            continue;
        }
        if (!held) return held.error();
        File file{.path = path,
                  .held = std::move(*held),
                  .done = store::DoneLines::of(path),
                  .way_of_line = {},
                  .size_of_line = {},
                  .fresh = {}};
        book->survey(file, filter);
        if (book->ways_.size() > kMostWays) {
            return base::Error{fmt::format(
                "these dead letters are of more than {} streams and sources: choose some, such as "
                "--where stream={}",
                kMostWays, book->ways_.front().stream)};
        }
        book->files_.push_back(std::move(file));
    }
    book->in_flight_.resize(book->ways_.size());
    return {boost::system::in_place_value, std::move(book)};
}

void ReplayBook::survey(File& file, const LetterFilter& filter) {
    while (const auto line = file.held.next()) {
        file.way_of_line.push_back(kNoWay);
        file.size_of_line.push_back(static_cast<std::uint32_t>(line->text.size()));
        if (file.done.contains(line->number)) continue;
        const auto letter = store::parse_letter(line->text);
        if (!letter) {
            file.is_broken = true;
            ++totals_.broken;
            if (faults_.size() < kMostFaults) {
                faults_.push_back(place_of(file.path, line->number) + ": " + letter.error().message);
            }
            continue;
        }
        if (!filter.matches(*letter) || ways_.size() > kMostWays) continue;
        const std::uint16_t way = way_for(*letter, place_of(file.path, line->number));
        file.way_of_line.back() = way;
        ++ways_[way].letters;
        ++totals_.chosen;
        totals_.chosen_bytes += line->text.size();
    }
}

std::uint16_t ReplayBook::way_for(const store::StoredLetter& letter, const std::string& place) {
    const bool entities = letter.form == record::DeadLetter::Form::Entity;
    // Ids hold no blanks.
    std::string id = fmt::format("{} {} {}", letter.stream, letter.source, entities ? "entity" : "record");
    for (std::size_t i = 0; i < ways_.size(); ++i) {
        if (ways_[i].id == id) return static_cast<std::uint16_t>(i);
    }
    ways_.push_back({.id = std::move(id),
                     .stream = letter.stream,
                     .source = letter.source,
                     .entities = entities,
                     .first_place = place});
    return static_cast<std::uint16_t>(ways_.size() - 1);
}

std::uint16_t ReplayBook::way_of(std::size_t file, std::uint64_t line) const {
    const auto& ways = files_[file].way_of_line;
    return line <= ways.size() ? ways[line - 1] : kNoWay;
}

std::uint16_t ReplayBook::way_named(const std::string& id) const {
    const auto found = std::ranges::find(ways_, id, &Way::id);
    return found == ways_.end() ? kNoWay : static_cast<std::uint16_t>(found - ways_.begin());
}

ReplayBook::Totals ReplayBook::totals() const {
    const std::lock_guard lock{mutex_};
    return totals_;
}

bool ReplayBook::begin(std::uint16_t way, const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    if (!room_.wait(lock, stop, [&] { return in_flight_[way] < kMostInFlight; })) return false;
    ++in_flight_[way];
    return true;
}

void ReplayBook::settled(std::size_t file, std::uint64_t line) {
    const std::lock_guard lock{mutex_};
    files_[file].fresh.push_back(line);
    ++totals_.settled;
    totals_.settled_bytes += files_[file].size_of_line[line - 1];
    if (in_flight_[way_of(file, line)]-- == kMostInFlight) room_.notify_all();
}

base::Result<> ReplayBook::save() {
    for (File& file : files_) {
        std::vector<std::uint64_t> lines;
        {
            const std::lock_guard lock{mutex_};
            lines = file.fresh;
        }
        std::vector<std::uint64_t> sorted = lines;
        std::ranges::sort(sorted);
        if (auto saved = file.done.add(sorted); !saved) return saved;
        const std::lock_guard lock{mutex_};
        file.fresh.erase(file.fresh.begin(), file.fresh.begin() + static_cast<std::ptrdiff_t>(lines.size()));
    }
    return {};
}

base::Result<std::size_t> ReplayBook::put_away() {
    std::size_t moved = 0;
    for (const File& file : files_) {
        if (file.is_broken || file.done.count() < file.way_of_line.size()) continue;
        if (auto put = store::put_away(file.path); !put) return put.error();
        file.done.forget();
        ++moved;
    }
    return moved;
}

}  // namespace aep::app
