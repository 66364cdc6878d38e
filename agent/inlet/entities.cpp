#include "inlet/entities.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "inlet/write_file.hpp"

namespace aep::inlet {
namespace {

using simdjson::dom::element;

std::optional<element> step(const element& from, std::string_view name) {
    element next;
    if (from.is_object()) {
        if (from.at_key(name).get(next) == simdjson::SUCCESS) return next;
        return std::nullopt;
    }
    std::size_t index = 0;
    const char* end = name.data() + name.size();
    if (!from.is_array() || std::from_chars(name.data(), end, index).ptr != end) return std::nullopt;
    if (from.at(index).get(next) != simdjson::SUCCESS) return std::nullopt;
    return next;
}

std::optional<element> walk(element from, std::string_view path) {
    for (;;) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        const auto next = step(from, path.substr(0, dot));
        if (!next || dot == path.size()) return next;
        from = *next;
        path.remove_prefix(dot + 1);
    }
}

bool equals(const element& found, std::string_view value) {
    std::string_view text;
    if (found.get(text) == simdjson::SUCCESS) return text == value;
    return simdjson::minify(found) == value;
}

bool matches(simdjson::dom::parser& parser, const std::string& entity, const EntityQuery& query) {
    if (!query.path) return true;
    element whole;
    if (parser.parse(entity).get(whole) != simdjson::SUCCESS) return false;
    const auto found = walk(whole, *query.path);
    return found && equals(*found, query.value);
}

/// Behind the last line end. A run that was killed may have left half a line, whose request was never
/// answered: the next line must not be glued to it.
::off_t end_of_whole_lines(int fd, ::off_t size) {
    std::array<char, 4096> bytes;
    while (size > 0) {
        const ::off_t begin = std::max<::off_t>(0, size - static_cast<::off_t>(bytes.size()));
        const ssize_t got = ::pread(fd, bytes.data(), static_cast<std::size_t>(size - begin), begin);
        if (got <= 0) break;
        const std::size_t line_end =
            std::string_view{bytes.data(), static_cast<std::size_t>(got)}.rfind('\n');
        if (line_end != std::string_view::npos) return begin + static_cast<::off_t>(line_end) + 1;
        size = begin;
    }
    return 0;
}

}  // namespace

base::Result<std::unique_ptr<Entities>> Entities::open(const std::filesystem::path& file, std::size_t keep) {
    int fd = -1;
    struct ::stat status {};
    if (!file.empty()) {
        fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0) return base::system_error("cannot open " + file.string() + " for entities", errno);
        if (::fstat(fd, &status) != 0) status.st_size = 0;
        status.st_size = end_of_whole_lines(fd, status.st_size);
        if (S_ISREG(status.st_mode) && ::ftruncate(fd, status.st_size) != 0) {
            const int error = errno;
            ::close(fd);
            return base::system_error("cannot cut a torn line off " + file.string(), error);
        }
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    return std::unique_ptr<Entities>{new Entities{file, fd, size, keep}};
}

Entities::Entities(std::filesystem::path file, int fd, std::uint64_t file_size, std::size_t keep)
    : file_{std::move(file)}, fd_{fd}, file_size_{file_size}, keep_{keep} {}

Entities::~Entities() {
    if (fd_ >= 0) ::close(fd_);
}

void Entities::add(std::string_view json) {
    const std::size_t begin = pending_.size();
    pending_.resize(begin + json.size() + simdjson::SIMDJSON_PADDING);  // minify writes whole blocks
    std::size_t size = 0;
    const auto error = simdjson::minify(json.data(), json.size(), pending_.data() + begin, size);
    pending_.resize(begin + (error == simdjson::SUCCESS ? size : 0));
    if (error == simdjson::SUCCESS) pending_.push_back('\n');
}

base::Result<> Entities::commit() {
    const int problem = fd_ < 0 ? 0 : write_all(fd_, pending_);
    if (problem != 0) {
        (void)!::ftruncate(fd_, static_cast<off_t>(file_size_));  // no half line stays
        pending_.clear();
        return base::system_error("cannot write entities to " + file_.string(), problem);
    }
    file_size_ += pending_.size();
    keep_pending();
    pending_.clear();
    return {};
}

void Entities::keep_pending() {
    if (keep_ == 0) return;
    for (std::string_view rest = pending_; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        if (newest_.size() < keep_) {
            newest_.emplace_back(line);
        } else {
            newest_[oldest_].assign(line);
            oldest_ = (oldest_ + 1) % keep_;
        }
    }
}

std::string Entities::find(const EntityQuery& query) const {
    simdjson::dom::parser parser;
    std::vector<const std::string*> found;
    std::uint64_t count = 0;
    for (std::size_t i = newest_.size(); i-- > 0;) {
        const std::string& entity = newest_[(oldest_ + i) % newest_.size()];
        if (!matches(parser, entity, query)) continue;
        ++count;
        if (found.size() < query.limit) found.push_back(&entity);
    }
    std::string text = fmt::format(R"({{"count":{},"entities":[)", count);
    for (auto entity = found.rbegin(); entity != found.rend(); ++entity) {
        if (entity != found.rbegin()) text += ',';
        text += **entity;
    }
    return text + "]}";
}

}  // namespace aep::inlet
