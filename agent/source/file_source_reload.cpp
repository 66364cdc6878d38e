#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "source/file_source.hpp"
#include "telemetry/log.hpp"

namespace aep::source {

namespace log = telemetry::log;

bool FileSource::reconfigure(const SourceOptions& options) {
    const bool framed_otherwise =
        options.framing != options_.framing || options.max_record != options_.max_record;
    options_ = options;
    scanner_ = Scanner{options.include, options.exclude};
    leave_unwanted();
    if (!framed_otherwise) return true;
    for (auto& [identity, followed] : followed_) {
        FileReader& reader = *followed->reader;
        reader.go_to(reader.handed_over(), reader.ledger());
        reader.forget_settled();
    }
    return true;
}

/// What the options named until now and name no more is not read on. One that was renamed in the meantime, or
/// before, is: it is only its old name that they do not reach.
void FileSource::leave_unwanted() {
    std::set<FileIdentity> wanted;
    for (const FoundFile& file : scanner_.scan([](const std::string&) {}).files) wanted.insert(file.identity);
    due_.clear();  // run() begins with them all
    packed_due_.clear();
    std::vector<Followed*> unwanted;
    for (auto& [identity, followed] : followed_) {
        if (followed->missing_since || wanted.contains(identity)) continue;
        if (is_where_it_was(*followed->reader)) unwanted.push_back(followed.get());
    }
    for (Followed* followed : unwanted) {
        const auto is_it = [followed](const Followed* one) { return one == followed; };
        std::erase_if(failing_, is_it);
        std::erase_if(new_, is_it);
        record::FileMark mark = mark_of(*followed);
        mark.position = followed->reader->handed_over();
        marks_.set_aside(std::move(mark), followed->reader->ledger());
        unfollow(*followed);
    }
    if (unwanted.empty()) return;
    log::info("source_left", "files that are not asked for any more are not read on; their positions stay",
              {{"source", options_.id}, {"files", unwanted.size()}});
}

bool FileSource::is_where_it_was(const FileReader& reader) {
    const std::optional<FoundFile> now = regular_file(reader.path());
    return now && now->identity == reader.identity();
}

bool FileSource::is_done() const {
    return !marks_.has_unsettled() && std::ranges::all_of(followed_, [](const auto& entry) {
        const FileReader& reader = *entry.second->reader;
        return reader.settled() && !reader.passes_over_settled();
    });
}

void FileSource::rewind() {
    std::uint64_t records = 0;
    for (auto& [identity, followed] : followed_) {
        FileReader& reader = *followed->reader;
        if (reader.settled()) continue;
        record::Abandoned left = reader.ledger()->abandon();
        records += left.unsettled;
        reader.go_to(left.position, nullptr);
        reader.pass_over_settled(left.position, std::move(left.settled));
        followed->finished = false;
    }
    intake_.give_back(records);
    log::info("source_rewound", "records that were on their way are read again",
              {{"source", options_.id}, {"records", records}});
}

}  // namespace aep::source
