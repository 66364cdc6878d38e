#include "store/purge_letters.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "store/done_lines.hpp"
#include "store/letter_reader.hpp"
#include "store/line_file.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;

/// So much of what stays is written at once.
constexpr std::size_t kGroupBytes = std::size_t{1} << 20U;

/// The new file beside the old one, until it takes its place.
class Replacement {
  public:
    explicit Replacement(const fs::path& file)
        : path_{file.parent_path() / ("." + file.filename().string())} {}
    ~Replacement() {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;

    base::Result<> add(std::string_view line) {
        lines_.push_back(std::string{line} + '\n');
        bytes_ += line.size();
        return bytes_ < kGroupBytes ? base::Result<>{} : write();
    }
    /// Takes the place of `file`, or removes it where nothing is to stay.
    base::Result<> take_place_of(const fs::path& file) {
        if (auto written = write(); !written) return written;
        std::error_code error;
        if (is_begun_) {
            fs::rename(path_, file, error);
        } else {
            fs::remove(file, error);
        }
        return error ? base::Result<>{base::system_error("cannot replace " + file.string(), error.value())}
                     : base::Result<>{};
    }

  private:
    base::Result<> write() {
        if (lines_.empty()) return {};
        std::error_code ignored;
        if (!is_begun_) fs::remove(path_, ignored);  // of a purge that was cut off
        auto file = LineFile::open(path_, LineFile::Make::NewOrExisting);
        if (!file) return file.error();
        is_begun_ = true;
        const LineFile::Appended written = file->append(lines_);
        if (written.error) return *written.error;
        lines_.clear();
        bytes_ = 0;
        return {};
    }

    const fs::path path_;
    std::vector<std::string> lines_;
    std::size_t bytes_ = 0;
    bool is_begun_ = false;
};

}  // namespace

base::Result<Purged> purge_letters(const fs::path& file, const std::function<bool(const StoredLetter*)>& goes,
                                   bool dry_run) {
    auto reader = LetterReader::open(file, LetterReader::Hold::Exclusive);
    if (!reader) return reader.error();
    const DoneLines done = DoneLines::of(file);
    Replacement replacement{file};
    Purged purged;
    while (const auto line = reader->next()) {
        if (done.contains(line->number)) continue;
        const auto letter = parse_letter(line->text);
        if (goes(letter ? &*letter : nullptr)) {
            ++purged.letters;
            purged.bytes += line->text.size() + 1;
        } else if (!dry_run) {
            if (auto added = replacement.add(line->text); !added) return added.error();
        }
    }
    if (dry_run || purged.letters == 0) return purged;
    if (auto replaced = replacement.take_place_of(file); !replaced) return replaced.error();
    done.forget();
    return purged;
}

}  // namespace aep::store
