#include "source/gzip_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "source/fingerprint.hpp"
#include "source/read_at.hpp"

namespace aep::source {
namespace {

/// How much is passed over before others get their turn.
constexpr std::uint64_t kSkipAtOnce = std::uint64_t{8} << 20U;

/// Logs seldom shrink to less than an eighth: a Block for what is left of a small file need not be larger.
constexpr std::uint64_t kUsualRatio = 8;

}  // namespace

GzipReader::GzipReader(ReaderContext& context, const FoundFile& file, Beginning beginning)
    : FileReader{context, file, std::move(beginning)},
      packed_size_{file.size},
      rest_lease_{context.intake.open_lease()} {}

bool GzipReader::has_changed(const FoundFile& file) const {
    return file.size != packed_size_ || file.modified != modified_;
}

FileReader::Step GzipReader::read(const std::stop_token& stop) {
    if (ended_) return Step::AtEnd;
    const base::Result<int> file = open();
    if (!file) return failed(file.error());
    const base::Result<FileStatus> status = look(*file);
    if (!status) return failed(status.error());
    packed_size_ = status->size;
    if (!stream_) {
        const Step begun = begin_stream(*file);
        if (begun != Step::More) return begun;
    }
    if (unpacked_ < framer_.resume_at()) return skip(*file, stop);
    return read_block(*file, stop);
}

/// Unpacks the first bytes and compares them with what they were.
FileReader::Step GzipReader::begin_stream(int fd) {
    stream_ = std::make_unique<GzipStream>();
    std::string head(kFingerprintBytes, '\0');
    const base::Result<std::size_t> got = stream_->read(fd, head.data(), head.size());
    if (!got) return broken(got.error());
    head.resize(*got);
    if (head.size() < trace_.head.size && stream_->state() == GzipStream::State::Starved) {
        return wait_or_fail();
    }
    if (!recognises(head)) return replaced();
    unpacked_ = head.size();
    const record::Tail tail = trace_.last();
    if (tail.end > 0 && tail.end <= head.size() && !holds(head, tail)) return replaced();
    if (unpacked_ < framer_.resume_at()) passed_ = head;
    const std::size_t passed =
        static_cast<std::size_t>(std::min<std::uint64_t>(unpacked_, framer_.resume_at()));
    keep(std::string_view{head}.substr(passed));
    return Step::More;
}

FileReader::Step GzipReader::skip(int fd, const std::stop_token& stop) {
    std::array<char, 16384> bytes;
    for (std::uint64_t skipped = 0; skipped < kSkipAtOnce && unpacked_ < framer_.resume_at();) {
        if (stop.stop_requested()) return Step::Stopped;
        // Not beyond the last record, which is looked at when its end is reached.
        const std::uint64_t tail = trace_.last().end;
        const std::uint64_t upto =
            unpacked_ < tail ? std::min(tail, framer_.resume_at()) : framer_.resume_at();
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), upto - unpacked_));
        const base::Result<std::size_t> got = stream_->read(fd, bytes.data(), wanted);
        if (!got) return broken(got.error());
        unpacked_ += *got;
        skipped += *got;
        if (!is_what_was_read({bytes.data(), *got})) return replaced();
        if (*got == wanted) continue;
        if (stream_->state() == GzipStream::State::Starved) return wait_or_fail();
        return replaced();  // it holds less than was read from it
    }
    return Step::More;
}

/// False: the last record that was read was another one, so this was made of another file.
bool GzipReader::is_what_was_read(std::string_view unpacked) {
    passed_ += unpacked;
    passed_.erase(0, passed_.size() - std::min(passed_.size(), record::kTailBytes));
    const record::Tail tail = trace_.last();
    return unpacked_ != tail.end || ends_with(passed_, tail);
}

FileReader::Step GzipReader::replaced() {
    close_stream();
    return Step::Replaced;
}

FileReader::Step GzipReader::read_block(int fd, const std::stop_token& stop) {
    // What was left uncut comes first, so that the rest never grows beyond a Block.
    const std::uint64_t enough =
        std::clamp<std::uint64_t>(kUsualRatio * packed_left(), 4096, context_.intake.block_bytes());
    const std::size_t fresh =
        framer_.more() ? 0 : std::max(framer_.partial(), static_cast<std::size_t>(enough));
    const std::size_t capacity = round_up_to_page(rest_.size() + fresh) + framer_.tail_room();
    record::BlockPtr block = open_block(capacity, stop);
    if (!block) return Step::Stopped;
    std::memcpy(block->data(), rest_.data(), rest_.size());
    const base::Result<std::size_t> got = stream_->read(fd, block->data() + rest_.size(), fresh);
    if (!got) return broken(got.error());
    unpacked_ += *got;
    state_->size = unpacked_ + packed_left();
    block->size = rest_.size() + *got;
    if (block->size < framer_.partial()) return replaced();
    const std::string_view bytes{block->data(), block->size};
    const std::uint64_t begin = framer_.resume_at();
    const bool ended = stream_->state() == GzipStream::State::Ended;
    const bool starved = stream_->state() == GzipStream::State::Starved;
    cut(*block, ended);
    keep(bytes.substr(static_cast<std::size_t>(framer_.resume_at() - begin)));
    hand_over(std::move(block));
    if (framer_.more()) return Step::More;
    if (starved) return wait_or_fail();
    if (!ended) return Step::More;
    ended_ = true;
    close_stream();
    context_.files.set_idle(identity_);
    state_->size = framer_.yielded_to();
    return Step::AtEnd;
}

/// The file ends too early.
FileReader::Step GzipReader::wait_or_fail() {
    close_stream();
    if (ends_) return broken(base::Error{"the gzip file ends early: it is not complete"});
    context_.files.set_idle(identity_);
    return Step::AtEnd;
}

void GzipReader::go_to(std::uint64_t position, std::shared_ptr<record::Ledger> ledger) {
    close_stream();
    ended_ = false;
    FileReader::go_to(position, std::move(ledger));
}

void GzipReader::keep(std::string_view bytes) {
    // A new string, because an assigned one would keep the room of the longest.
    std::string{bytes}.swap(rest_);
    rest_lease_.resize(rest_.empty() ? 0 : rest_.capacity());
}

void GzipReader::close_stream() {
    stream_.reset();
    unpacked_ = 0;
    std::string{}.swap(passed_);
    keep({});
}

std::uint64_t GzipReader::packed_left() const {
    return packed_size_ - std::min(packed_size_, stream_->consumed());
}

}  // namespace aep::source
