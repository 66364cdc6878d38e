#include "store/letter_directory.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "store/done_lines.hpp"
#include "store/letter_reader.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;

std::uint64_t size_of(const fs::path& file) {
    std::error_code gone;  // removed while we look: counts nothing
    const auto size = fs::file_size(file, gone);
    return gone ? 0 : size;
}

/// Those written last come last: names have only seconds.
std::vector<fs::path> regular_files_in(const fs::path& directory) {
    std::vector<std::pair<fs::file_time_type, fs::path>> found;
    std::error_code error;
    for (fs::directory_iterator entry{directory, error}, end; !error && entry != end;
         entry.increment(error)) {
        std::error_code gone;
        if (entry->is_regular_file(gone)) found.emplace_back(entry->last_write_time(gone), entry->path());
    }
    std::ranges::sort(found);
    std::vector<fs::path> files;
    files.reserve(found.size());
    for (auto& [time, file] : found) files.push_back(std::move(file));
    return files;
}

}  // namespace

std::vector<fs::path> letter_files_in(const fs::path& directory) {
    std::vector<fs::path> files = regular_files_in(directory);
    std::erase_if(files, [](const fs::path& file) { return file.extension() != ".ndjson"; });
    return files;
}

fs::path replayed_place(const fs::path& letters) {
    return letters.parent_path() / "replayed" / letters.filename();
}

base::Result<> put_away(const fs::path& letters) {
    const fs::path place = replayed_place(letters);
    const fs::path directory = place.parent_path();
    struct ::stat owner {};
    // Made by root it belongs to who owns the letters, as every file does (LineFile).
    if (::mkdir(directory.c_str(), 0700) == 0 && ::geteuid() == 0 &&
        ::stat(letters.parent_path().c_str(), &owner) == 0) {
        static_cast<void>(::lchown(directory.c_str(), owner.st_uid, owner.st_gid));
    }
    std::error_code error;
    fs::rename(letters, place, error);
    if (!error) return {};
    return base::system_error(fmt::format("cannot move {} to {}", letters.string(), place.string()),
                              error.value());
}

std::uint64_t bytes_in(const fs::path& directory) {
    std::uint64_t total = 0;
    for (const fs::path& part : {directory, directory / "replayed"}) {
        for (const fs::path& file : regular_files_in(part)) total += size_of(file);
    }
    return total;
}

std::optional<std::uint64_t> remove_oldest_replayed(const fs::path& directory) {
    for (const fs::path& file : regular_files_in(directory / "replayed")) {
        const std::uint64_t size = size_of(file);
        std::error_code error;
        if (fs::remove(file, error)) return size;
    }
    return std::nullopt;
}

std::optional<Removed> remove_oldest_closed(const fs::path& directory, const std::string& prefix) {
    for (const fs::path& file : letter_files_in(directory)) {
        if (!file.filename().string().starts_with(prefix + "-")) continue;
        auto reader = LetterReader::open(file, LetterReader::Hold::Exclusive);
        if (!reader) continue;
        Removed removed{.file = file, .bytes = size_of(file)};
        DoneLines done = DoneLines::of(file);
        while (const auto line = reader->next()) removed.letters += done.contains(line->number) ? 0 : 1;
        std::error_code error;
        if (!fs::remove(file, error)) continue;
        done.forget();
        return removed;
    }
    return std::nullopt;
}

}  // namespace aep::store
