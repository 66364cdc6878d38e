#include "source/file_reader.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;

constexpr std::size_t kChunk = 16384;

/// Reads until `size` bytes are there or the file ends.
base::Result<std::size_t> read_at(int fd, char* bytes, std::size_t size, std::uint64_t position) {
    std::size_t got = 0;
    while (got < size) {
        const ssize_t count = ::pread(fd, bytes + got, size - got, static_cast<off_t>(position + got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return base::system_error("read", errno);
        if (count == 0) break;
        got += static_cast<std::size_t>(count);
    }
    return got;
}

base::Result<std::uint64_t> size_of(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return base::system_error("fstat", errno);
    return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

base::Result<std::uint64_t> FileReader::end_of_last_line(int fd, std::uint64_t size, std::size_t max_record) {
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

FileReader::FileReader(ReaderContext& context, const FoundFile& file, std::string generation,
                       std::uint64_t position)
    : context_{context},
      identity_{file.identity},
      path_{file.path},
      framer_{context.options.framing, context.options.max_record, position} {
    begin_generation(std::move(generation), position);
    state_->size = file.size;
}

FileReader::~FileReader() {
    state_->closed = true;
    context_.files.close(identity_);
}

void FileReader::begin_generation(std::string generation, std::uint64_t position) {
    state_ = std::make_shared<ReaderState>(
        path_, context_.intake.new_reader(path_, true, std::move(generation), position));
    state_->read = position;
    framer_ = Framer{context_.options.framing, context_.options.max_record, position};
    context_.readers.add(state_);
}

std::uint64_t FileReader::unread() const {
    const std::uint64_t size = state_->size;
    return size - std::min(size, framer_.yielded_to());
}

bool FileReader::at_end(std::uint64_t size) const {
    return framer_.scanned() >= size && !(ends_ && framer_.unfinished());
}

FileReader::Step FileReader::read(const std::stop_token& stop) {
    const base::Result<int> file = context_.files.open(identity_, path_);
    if (!file) return fail(file.error());
    const base::Result<std::uint64_t> size = size_of(*file);
    if (!size) return fail(size.error());
    if (*size < framer_.scanned()) begin_again(*size);
    state_->size = *size;
    if (at_end(*size)) return Step::AtEnd;
    if (worth_looking_first(*size)) {
        const base::Result<bool> goes_on = look_at_appended(*file, *size);
        if (!goes_on) return fail(goes_on.error());
        if (*goes_on) return Step::AtEnd;
    }
    return read_block(*file, *size, stop);
}

/// A long record that grows by small appends is not read again for each of them.
bool FileReader::worth_looking_first(std::uint64_t size) const {
    return !ends_ && framer_.partial() >= 4096 && size - framer_.scanned() < framer_.partial();
}

/// True: the incomplete record goes on to the end of the file.
base::Result<bool> FileReader::look_at_appended(int fd, std::uint64_t size) {
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

FileReader::Step FileReader::read_block(int fd, std::uint64_t size, const std::stop_token& stop) {
    const std::size_t partial = framer_.partial();
    // Doubled, so that a record much longer than a Block is not read once for each of its Blocks.
    const std::size_t most = partial + std::max(partial, context_.intake.block_bytes());
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(most, size - framer_.resume_at()));
    record::BlockPtr block = context_.intake.open_block(state_->ledger->origin(),
                                                        round_up_to_page(wanted) + framer_.tail_room(), stop);
    if (!block) return Step::Stopped;
    const base::Result<std::size_t> got = read_at(fd, block->data(), wanted, framer_.resume_at());
    if (!got) return fail(got.error());
    if (*got < wanted) return fail(base::Error{"read: the file is shorter than its size"});
    block->size = wanted;
    framer_.cut(*block, ends_ && framer_.resume_at() + wanted == size);
    state_->read = block->end_position;
    context_.intake.hand_over(std::move(block), state_->ledger);
    return at_end(size) ? Step::AtEnd : Step::More;
}

FileReader::Step FileReader::fail(base::Error error) {
    error_ = std::move(error);
    return Step::Failed;
}

void FileReader::begin_again(std::uint64_t size) {
    log::error(
        "source_truncated",
        "a file has become shorter: what was not read before is lost, reading it from its beginning; "
        "rotate by renaming instead",
        {{"source", context_.options.id}, {"file", path_}, {"position", framer_.scanned()}, {"size", size}});
    state_->closed = true;
    begin_generation(base::random_hex128(), 0);
}

}  // namespace aep::source
