#include "source/one_shot_source.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <utility>

#include "telemetry/log.hpp"

namespace aep::source {
namespace {

namespace log = telemetry::log;

base::Result<std::string> hash_of_beginning(int fd) {
    std::array<char, 1024> bytes;
    const ssize_t size = ::pread(fd, bytes.data(), bytes.size(), 0);
    if (size < 0) return base::system_error("read", errno);
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), static_cast<std::size_t>(size));
    return {boost::system::in_place_value, fmt::format("{:016x}{:016x}", hash.high64, hash.low64)};
}

}  // namespace

OneShotSource::OneShotSource(const SourceOptions& options, const Surroundings& surroundings,
                             std::function<void()> on_finished)
    : SourceBase{options, surroundings, std::move(on_finished)},
      context_{.options = options_, .intake = intake_, .readers = readers_, .files = files_} {}

void OneShotSource::run(const std::stop_token& stop) {
    // All are begun before the first is read, so that progress() knows from the start how much there is.
    std::vector<ReaderPtr> readers = find_files();
    for (ReaderPtr& reader : readers) {
        if (!read_all(*reader, stop)) return;
        reader.reset();
    }
    finish();
}

std::vector<OneShotSource::ReaderPtr> OneShotSource::find_files() {
    const Scanner scanner{options_.include, options_.exclude};
    const Scanner::Found found = scanner.scan([](const std::string&) {});
    for (const std::string& pattern : found.missing) report(pattern, "no such regular file: check its name");
    for (const std::string& directory : found.unreadable_directories) report(directory, "cannot be listed");
    if (found.too_many) {
        report(found.files.back().path,
               fmt::format("more than {} files: send them in parts", Scanner::kMaxFiles));
    }
    std::vector<ReaderPtr> readers;
    for (const FoundFile& file : found.files) {
        if (ReaderPtr reader = begin(file)) readers.push_back(std::move(reader));
    }
    return readers;
}

OneShotSource::ReaderPtr OneShotSource::begin(const FoundFile& file) {
    const base::Result<int> opened = files_.open(file.identity, file.path);
    const base::Result<std::string> generation =
        opened ? hash_of_beginning(*opened)
               : base::Result<std::string>{boost::system::in_place_error, opened.error()};
    if (!generation) {
        report(file.path, generation.error().message);
        return nullptr;
    }
    ReaderPtr reader =
        make_reader(context_, file, {.generation = *generation, .position = 0, .fingerprint = {}});
    reader->expect_no_more();
    return reader;
}

/// False: asked to stop.
bool OneShotSource::read_all(FileReader& reader, const std::stop_token& stop) {
    FileReader::Step step = FileReader::Step::More;
    while (step == FileReader::Step::More && !stop.stop_requested()) step = reader.read(stop);
    if (step == FileReader::Step::Replaced) {
        report(reader.path(),
               fmt::format("it was truncated while it was read, at position {}", reader.scanned()));
    } else if (step != FileReader::Step::AtEnd && step != FileReader::Step::Stopped &&
               step != FileReader::Step::More) {
        report(reader.path(), fmt::format("{} at position {}", context_.error.message, reader.scanned()));
    }
    return step != FileReader::Step::Stopped && !stop.stop_requested();
}

void OneShotSource::report(const std::string& path, const std::string& error) {
    give_up();
    // The file comes first: the log counts repetitions by code and first field, and each file matters.
    log::error("source_unreadable", "cannot read a file, going on without the rest of it",
               {{"file", path}, {"source", options_.id}, {"error", error}});
}

}  // namespace aep::source
