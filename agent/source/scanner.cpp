#include "source/scanner.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "source/read_at.hpp"

namespace aep::source {
namespace {

namespace fs = std::filesystem;
using Components = std::span<const std::string>;

std::string join(const std::string& directory, const std::string& name) {
    if (directory.empty()) return name;
    return directory.ends_with('/') ? directory + name : directory + '/' + name;
}

/// The name a directory has for system calls; the empty one is where the agent was started.
const std::string& real_name(const std::string& directory) {
    static const std::string here = ".";
    return directory.empty() ? here : directory;
}

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(real_name(path).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Whether the glob's last component asks for compressed files.
bool asks_for_gzip(const std::string& pattern) {
    return pattern.find(".gz", pattern.rfind('/') + 1) != std::string::npos;
}

}  // namespace

std::optional<FoundFile> regular_file(const std::string& path) {
    const base::Result<FileStatus> status = status_of(path);
    if (!status || !status->regular) return std::nullopt;
    return FoundFile{
        .path = path, .identity = status->identity, .size = status->size, .modified = status->modified};
}

std::vector<FoundFile> files_in(const std::string& directory) {
    std::vector<FoundFile> files;
    std::error_code failed;
    for (fs::directory_iterator at{directory, failed}, end; !failed && at != end; at.increment(failed)) {
        if (std::optional<FoundFile> file = regular_file(at->path().string()))
            files.push_back(std::move(*file));
    }
    std::ranges::sort(files, {}, &FoundFile::path);
    return files;
}

/// One scan.
class Scanner::Walk {
  public:
    Walk(const Scanner& scanner, const OnDirectory& on_directory)
        : scanner_{scanner}, on_directory_{on_directory} {}

    void include(const std::string& pattern) {
        matched_ = false;
        gzip_ = asks_for_gzip(pattern);
        search(pattern);
        if (!matched_) found_.missing.push_back(pattern);
    }

    [[nodiscard]] Found take() { return std::move(found_); }

  private:
    void search(const std::string& pattern) {
        // A file may really be called "a[1].json": a name that exists is that name.
        if (!has_wildcard(pattern) || regular_file(pattern)) return include_name(pattern);
        const std::vector<std::string> components = split_path(pattern);
        expand(pattern.starts_with('/') ? "/" : "", components, 0);
    }

    void include_name(const std::string& path) {
        std::string directory = fs::path{path}.parent_path().string();
        while (!directory.empty() && directory != "/" && !is_directory(directory)) {
            directory = fs::path{directory}.parent_path().string();
        }
        on_directory_(real_name(directory));
        add(path);
    }

    void expand(const std::string& directory, Components rest, std::size_t depth) {
        if (rest.empty() || depth > kMaxDepth) return;
        const std::string& part = rest.front();
        if (!has_wildcard(part)) {
            const std::string path = join(directory, part);
            if (rest.size() > 1 && is_directory(path)) return expand(path, rest.subspan(1), depth);
            on_directory_(real_name(directory));  // for the day when it appears
            if (rest.size() == 1) add(path);
            return;
        }
        if (part == "**") return expand_any_depth(directory, rest, depth);
        for (const Entry& entry : list(directory)) {
            if (!matches_name(part, entry.name)) continue;
            const std::string path = join(directory, entry.name);
            if (rest.size() == 1) {
                add(path);
            } else if (is_directory(path)) {
                expand(path, rest.subspan(1), depth + 1);
            }
        }
    }

    void expand_any_depth(const std::string& directory, Components rest, std::size_t depth) {
        if (depth > kMaxDepth) return;
        // A `**` at the end means every file below, as `**/*` does.
        static const std::vector<std::string> all{"*"};
        expand(directory, rest.size() == 1 ? Components{all} : rest.subspan(1), depth);
        for (const Entry& entry : list(directory)) {
            if (!entry.is_plain_directory || entry.name.starts_with('.')) continue;
            expand_any_depth(join(directory, entry.name), rest, depth + 1);
        }
    }

    struct Entry {
        std::string name;
        bool is_plain_directory;  ///< not a link to one
    };

    [[nodiscard]] std::vector<Entry> list(const std::string& directory) {
        on_directory_(real_name(directory));
        std::vector<Entry> entries;
        std::error_code failed;
        for (fs::directory_iterator at{real_name(directory), failed}, end; !failed && at != end;
             at.increment(failed)) {
            std::error_code ignored;
            const bool directory_itself = !at->is_symlink(ignored) && at->is_directory(ignored);
            entries.push_back(
                {.name = at->path().filename().string(), .is_plain_directory = directory_itself});
        }
        const bool gone = failed == std::errc::no_such_file_or_directory;
        if (failed && !gone) found_.unreadable_directories.push_back(directory + ": " + failed.message());
        std::ranges::sort(entries, {}, &Entry::name);
        return entries;
    }

    void add(const std::string& path) {
        const auto excludes = [&](const std::string& pattern) { return is_excluded(pattern, path); };
        const bool compressed = path.ends_with(".gz");
        if (compressed && !gzip_) return;
        std::optional<FoundFile> file = regular_file(path);
        if (!file) return;
        file->gzip = compressed;
        matched_ = true;
        if (std::ranges::any_of(scanner_.exclude_, excludes) || !seen_.insert(file->identity).second) return;
        if (found_.files.size() == kMaxFiles) {
            found_.too_many = true;
        } else {
            found_.files.push_back(std::move(*file));
        }
    }

    const Scanner& scanner_;
    const OnDirectory& on_directory_;
    std::set<FileIdentity> seen_;
    Found found_;
    bool matched_ = false;  ///< the current include names a regular file
    bool gzip_ = false;     ///< the current include asks for compressed files
};

Scanner::Found Scanner::scan(const OnDirectory& on_directory) const {
    Walk walk{*this, on_directory};
    for (const std::string& pattern : include_) walk.include(pattern);
    return walk.take();
}

}  // namespace aep::source
