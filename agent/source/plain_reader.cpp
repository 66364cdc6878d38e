#include "source/plain_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "source/fingerprint.hpp"
#include "source/read_at.hpp"

namespace aep::source {
namespace {

constexpr std::size_t kChunk = 16384;

}  // namespace

base::Result<std::uint64_t> PlainReader::end_of_last_line(int fd, std::uint64_t size,
                                                          std::size_t max_record) {
    std::array<char, kChunk> bytes;
    std::uint64_t end = size;
    while (end > 0 && size - end < max_record) {
        const std::uint64_t begin = end - std::min<std::uint64_t>(end, bytes.size());
        const base::Result<std::size_t> got =
            read_at(fd, bytes.data(), static_cast<std::size_t>(end - begin), begin);
        if (!got) return got.error();
        const std::size_t line_end = std::string_view{bytes.data(), *got}.rfind('\n');
        if (line_end != std::string_view::npos) return begin + line_end + 1;
        end = begin;
    }
    return end == 0 ? 0 : size;
}

bool PlainReader::has_changed(const FoundFile& file) const {
    return file.size != framer_.scanned() || file.modified != modified_;
}

FileReader::Step PlainReader::read(const std::stop_token& stop) {
    const base::Result<int> file = open();
    if (!file) return failed(file.error());
    const base::Result<FileStatus> status = look(*file);
    if (!status) return failed(status.error());
    if (status->size < framer_.scanned()) return Step::Replaced;
    if (at_end(status->size)) return rest(*file, status->size);
    if (worth_looking_first(status->size)) {
        const base::Result<bool> goes_on = look_at_appended(*file, status->size);
        if (!goes_on) return failed(goes_on.error());
        if (*goes_on) return rest(*file, status->size);
    }
    return read_block(*file, status->size, stop);
}

bool PlainReader::at_end(std::uint64_t size) const {
    return framer_.scanned() >= size && !(ends_ && framer_.unfinished());
}

/// At the end, but is it the end of the same file?
FileReader::Step PlainReader::rest(int fd, std::uint64_t size) {
    const base::Result<bool> same = is_still_itself(fd, size, {});
    if (!same) return failed(same.error());
    if (!*same) return Step::Replaced;
    state_->size = size;
    context_.files.set_idle(identity_);
    return Step::AtEnd;
}

/// A long record that grows by small appends is not read again for each of them.
bool PlainReader::worth_looking_first(std::uint64_t size) const {
    return !ends_ && framer_.partial() >= 4096 && size - framer_.scanned() < framer_.partial();
}

/// True: the incomplete record goes on to the end of the file.
base::Result<bool> PlainReader::look_at_appended(int fd, std::uint64_t size) {
    std::array<char, kChunk> bytes;
    while (framer_.scanned() < size) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), size - framer_.scanned()));
        const base::Result<std::size_t> got = read_at(fd, bytes.data(), wanted, framer_.scanned());
        if (!got) return got.error();
        if (*got == 0 || !framer_.absorb({bytes.data(), *got})) return false;
    }
    return true;
}

FileReader::Step PlainReader::read_block(int fd, std::uint64_t size, const std::stop_token& stop) {
    const std::size_t partial = framer_.partial();
    // Doubled, so that a record much longer than a Block is not read once for each of its Blocks.
    const std::size_t most = partial + std::max(partial, context_.intake.block_bytes());
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(most, size - framer_.resume_at()));
    record::BlockPtr block = open_block(round_up_to_page(wanted) + framer_.tail_room(), stop);
    if (!block) return Step::Stopped;
    const base::Result<std::size_t> got = read_at(fd, block->data(), wanted, framer_.resume_at());
    if (!got) return failed(got.error());
    if (*got < wanted) {
        const base::Result<FileStatus> status = status_of(fd);
        const bool truncated = status && status->size < size;
        return truncated ? Step::Replaced : failed(base::Error{"read: the file is shorter than its size"});
    }
    const base::Result<bool> same = is_still_itself(fd, size, {block->data(), wanted});
    if (!same) return failed(same.error());
    if (!*same) return Step::Replaced;
    state_->size = size;
    block->size = wanted;
    cut(*block, ends_ && framer_.resume_at() + wanted == size);
    hand_over(std::move(block));
    if (!at_end(size)) return Step::More;
    context_.files.set_idle(identity_);
    return Step::AtEnd;
}

/// `read`: what was read just now from framer_.resume_at() on. What of it lies among the first bytes has to
/// be there still, because a fingerprint of few bytes says little.
base::Result<bool> PlainReader::is_still_itself(int fd, std::uint64_t size, std::string_view read) {
    std::array<char, kFingerprintBytes> bytes;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), size));
    const base::Result<std::size_t> got = read_at(fd, bytes.data(), wanted, 0);
    if (!got) return got.error();
    const std::string_view head{bytes.data(), *got};
    if (framer_.resume_at() < head.size()) {
        const std::string_view again = head.substr(static_cast<std::size_t>(framer_.resume_at()));
        const std::size_t common = std::min(again.size(), read.size());
        if (again.substr(0, common) != read.substr(0, common)) return false;
    }
    return recognises(head);
}

}  // namespace aep::source
