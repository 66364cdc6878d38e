#include "source/file_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include "source/fingerprint.hpp"
#include "source/gzip_reader.hpp"
#include "source/plain_reader.hpp"

namespace aep::source {

FileReader::FileReader(ReaderContext& context, const FoundFile& file, Beginning beginning)
    : context_{context},
      identity_{file.identity},
      framer_{context.options.framing, context.options.max_record, beginning.position},
      trace_{beginning.fingerprint, beginning.tail},
      modified_{file.modified},
      path_{std::make_shared<const std::string>(file.path)},
      generation_{std::move(beginning.generation)},
      number_{beginning.ledger ? beginning.ledger->origin()->reader : Intake::new_number()} {
    begin(std::move(beginning.ledger));
    state_->size = file.size;
}

FileReader::~FileReader() {
    state_->closed = true;
    context_.files.close(identity_);
}

void FileReader::begin(std::shared_ptr<record::Ledger> ledger) {
    state_ = std::make_shared<ReaderState>(std::move(ledger));
    state_->read = framer_.yielded_to();
    context_.readers.add(state_);
}

void FileReader::begin_again(std::string generation) {
    trace_ = {};
    settled_starts_.reset();
    generation_ = std::move(generation);
    number_ = Intake::new_number();
    go_to(0, nullptr);
    state_->size = 0;
}

void FileReader::go_to(std::uint64_t position, std::shared_ptr<record::Ledger> ledger) {
    const std::uint64_t size = state_->size;
    state_->closed = true;
    framer_ = Framer{context_.options.framing, context_.options.max_record, position};
    trace_.cut(position);
    begin(std::move(ledger));
    state_->size = size;
}

void FileReader::rename(const std::string& path) {
    if (path != *path_) path_ = std::make_shared<const std::string>(path);
}

void FileReader::rest() {
    forget_passed_settled();
    if (ledger() && settled() && position() == handed_over()) context_.readers.set_ledger(*state_, nullptr);
}

bool FileReader::learn_first_bytes() {
    if (fingerprint().size > 0) return false;
    std::array<char, kFingerprintBytes> bytes;
    const base::Result<int> file = open();
    if (!file) return false;
    const base::Result<std::size_t> got = read_at(*file, bytes.data(), bytes.size(), 0);
    if (!got || *got == 0) return false;
    return recognises({bytes.data(), *got});
}

std::uint64_t FileReader::unread() const {
    const std::uint64_t size = state_->size;
    return size - std::min(size, framer_.yielded_to());
}

base::Result<int> FileReader::open() {
    return context_.files.open(identity_, *path_);
}

base::Result<FileStatus> FileReader::look(int fd) {
    base::Result<FileStatus> status = status_of(fd);
    if (!status) return status;
    modified_ = status->modified;
    deleted_ = status->deleted;
    return status;
}

FileReader::Step FileReader::failed(base::Error error) {
    const int code = error.code.value();
    context_.error = std::move(error);
    return code == ENOENT || code == ESTALE ? Step::Moved : Step::Failed;
}

FileReader::Step FileReader::broken(base::Error error) {
    context_.error = std::move(error);
    return Step::Broken;
}

record::BlockPtr FileReader::open_block(std::size_t capacity, const std::stop_token& stop) {
    if (!ledger()) {
        context_.readers.set_ledger(*state_,
                                    context_.intake.open_file(*path_, generation_, number_, handed_over()));
    }
    return context_.intake.open_block(ledger()->origin(), capacity, stop);
}

void FileReader::pass_over_settled(std::uint64_t position, std::vector<std::uint64_t> starts) {
    if (settled_starts_) {
        std::ranges::copy_if(*settled_starts_, std::back_inserter(starts),
                             [position](std::uint64_t start) { return start >= position; });
        std::ranges::sort(starts);
    }
    settled_starts_.reset();
    if (starts.empty()) return;
    settled_starts_ = std::make_unique<const std::vector<std::uint64_t>>(std::move(starts));
}

/// Not as soon as they have been passed: what comes before them may have to be read once more.
void FileReader::forget_passed_settled() {
    if (settled_starts_ && position() > settled_starts_->back()) settled_starts_.reset();
}

void FileReader::hand_over(record::BlockPtr block) {
    state_->read = block->end_position;
    if (!block->records.empty()) trace_.extend(tail_of(*block, block->records.back()));
    if (settled_starts_) {
        std::erase_if(block->records, [this](const record::RecordSpan& span) {
            return std::ranges::binary_search(*settled_starts_, span.position);
        });
        forget_passed_settled();
    }
    context_.intake.hand_over(std::move(block), state_->ledger);
}

bool FileReader::recognises(std::string_view head) {
    if (!continues(trace_.head, head)) return false;
    if (head.size() > trace_.head.size) trace_.head = fingerprint_of(head);
    return true;
}

std::unique_ptr<FileReader> make_reader(ReaderContext& context, const FoundFile& file, Beginning beginning) {
    if (file.gzip) return std::make_unique<GzipReader>(context, file, std::move(beginning));
    return std::make_unique<PlainReader>(context, file, std::move(beginning));
}

}  // namespace aep::source
