#include <algorithm>

#include "base/bytes.hpp"
#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

using namespace std::chrono_literals;
using base::operator""_KiB;
using base::operator""_MiB;
using Options = source::SourceOptions;

const Words<Options::Type> kTypes{{{"file", Options::Type::File},
                                   {"stdin", Options::Type::Stdin},
                                   {"tcp", Options::Type::Tcp},
                                   {"udp", Options::Type::Udp},
                                   {"unix", Options::Type::UnixStream}},
                                  {"http", "kafka"}};
const Words<Options::StartAt> kStarts{
    {{"end", Options::StartAt::End}, {"beginning", Options::StartAt::Beginning}}};

/// A glob relative to the file that names it. Patterns without a slash stay: they match file names.
std::string resolve(const Value& glob, bool keep_names) {
    if (keep_names && glob.text.find('/') == std::string::npos) return glob.text;
    const auto base = glob.place.file ? glob.place.file->directory : std::filesystem::current_path();
    return (base / glob.text).lexically_normal().string();
}

void read_globs(MapReader& source, std::string_view key, std::vector<std::string>& out, bool keep_names) {
    source.texts(key, out, keep_names ? Check{check_line} : Check{check_include},
                 [keep_names](const Value& glob) { return resolve(glob, keep_names); });
}

void read_file_keys(MapReader& source, Options& options) {
    source.require("include", "include: [/var/log/app/*.json]");
    read_globs(source, "include", options.include, false);
    const Value* include = source.find("include");
    if (include != nullptr && include->type == Value::Type::List && include->items.empty()) {
        source.fail(*include, "names no files", "list at least one: [/var/log/app/*.json]");
    }
    read_globs(source, "exclude", options.exclude, true);
    source.choice("start_at", options.start_at, kStarts);
}

}  // namespace

Source read_source(MapReader reader, std::size_t memory_limit) {
    Source result;
    Options& options = result.options;
    options.id = read_own_id(reader, reader.context().sources);
    reader.require("type", "type: file");
    const bool available = reader.choice("type", options.type, kTypes) && reader.has("type");
    reader.require("stream", "stream: ID");
    options.stream = read_reference(reader, "stream", reader.context().streams);
    result.codec = read_codec(reader.section("codec", "type"));
    const bool lines = result.codec.type == codec::CodecOptions::Type::Ndjson;
    options.framing = lines ? source::Framing::Newline : source::Framing::Json;
    reader.size("max_record", options.max_record, {1_KiB, std::min<std::size_t>(64_MiB, memory_limit / 4)});
    reader.duration("gather", options.gather, {0ms, 10s});
    // Of a type that is not there its name is the problem, not each of its keys.
    if (!available) {
        pass_over_socket_keys(reader);
        reader.ignore({"include", "exclude", "start_at"});
    } else {
        if (options.type == Options::Type::File) {
            read_file_keys(reader, options);
        } else {
            reader.misplaced({"include", "exclude", "start_at"}, "only for type 'file'");
        }
        read_socket_keys(reader, options, memory_limit);
    }
    reader.finish();
    return result;
}

}  // namespace aep::config
