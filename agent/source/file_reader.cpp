#include "source/file_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "source/fingerprint.hpp"
#include "source/gzip_reader.hpp"
#include "source/plain_reader.hpp"

namespace aep::source {

FileReader::FileReader(ReaderContext& context, const FoundFile& file, Beginning beginning)
    : context_{context},
      identity_{file.identity},
      path_{file.path},
      framer_{context.options.framing, context.options.max_record, beginning.position},
      fingerprint_{beginning.fingerprint},
      modified_{file.modified} {
    if (!beginning.ledger) {
        beginning.ledger =
            context.intake.new_reader(path_, true, std::move(beginning.generation), beginning.position);
    }
    begin(std::move(beginning.ledger), beginning.position);
    state_->size = file.size;
}

FileReader::~FileReader() {
    state_->closed = true;
    context_.files.close(identity_);
}

void FileReader::begin(std::shared_ptr<record::Ledger> ledger, std::uint64_t position) {
    state_ = std::make_shared<ReaderState>(path_, std::move(ledger));
    state_->read = position;
    context_.readers.add(state_);
}

void FileReader::begin_again(std::string generation) {
    state_->closed = true;
    framer_ = Framer{context_.options.framing, context_.options.max_record, 0};
    fingerprint_ = {};
    trace_ = {};
    begin(context_.intake.new_reader(path_, true, std::move(generation), 0), 0);
}

bool FileReader::learn_first_bytes() {
    if (fingerprint_.size > 0) return false;
    std::array<char, kFingerprintBytes> bytes;
    const base::Result<int> file = open();
    if (!file) return false;
    const base::Result<std::size_t> got = read_at(*file, bytes.data(), bytes.size(), 0);
    if (!got || *got == 0) return false;
    return recognises({bytes.data(), *got});
}

Trace FileReader::trace() const {
    return {.head = fingerprint_, .tail = trace_.tail, .end = trace_.end};
}

std::uint64_t FileReader::unread() const {
    const std::uint64_t size = state_->size;
    return size - std::min(size, framer_.yielded_to());
}

base::Result<int> FileReader::open() {
    return context_.files.open(identity_, path_);
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
    error_ = std::move(error);
    return code == ENOENT || code == ESTALE ? Step::Moved : Step::Failed;
}

FileReader::Step FileReader::broken(base::Error error) {
    error_ = std::move(error);
    return Step::Broken;
}

void FileReader::hand_over(record::BlockPtr block) {
    state_->read = block->end_position;
    context_.intake.hand_over(std::move(block), state_->ledger);
}

bool FileReader::recognises(std::string_view head) {
    if (!continues(fingerprint_, head)) return false;
    if (head.size() > fingerprint_.size) fingerprint_ = fingerprint_of(head);
    return true;
}

std::unique_ptr<FileReader> make_reader(ReaderContext& context, const FoundFile& file, Beginning beginning) {
    if (file.gzip) return std::make_unique<GzipReader>(context, file, std::move(beginning));
    return std::make_unique<PlainReader>(context, file, std::move(beginning));
}

}  // namespace aep::source
