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

const Words<Options::Type> kTypes{{{"file", Options::Type::File}, {"stdin", Options::Type::Stdin}},
                                  {"tcp", "udp", "unix", "http", "kafka"}};
const Words<Options::StartAt> kStarts{
    {{"end", Options::StartAt::End}, {"beginning", Options::StartAt::Beginning}}};

/// A glob relative to the file that names it. Patterns without a slash stay: they match file names.
std::string resolve(const std::string& glob, const Value& list, bool keep_names) {
    if (keep_names && glob.find('/') == std::string::npos) return glob;
    const auto base = list.place.file ? list.place.file->directory : std::filesystem::current_path();
    return (base / glob).lexically_normal().string();
}

void read_globs(MapReader& source, std::string_view key, std::vector<std::string>& out, bool keep_names) {
    source.texts(key, out, keep_names ? Check{check_line} : Check{check_include});
    for (std::string& glob : out) glob = resolve(glob, *source.find(key), keep_names);
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

/// Keys of the types that a later version has.
void read_later_keys(MapReader& source, source::Framing framing) {
    if (framing == source::Framing::Newline) {
        source.later("framing", {"newline"});
    } else {
        source.later("framing");
    }
    source.later("listen");
    source.later("max_connections");
    source.later("idle_timeout");
    source.later("receive_buffer");
    source.later("path");
    source.later("mode");
    source.later_section("tls", {"cert_file", "key_file", "client_ca_file"});
}

/// Of a type that is not there its name is the problem, not each of its keys.
void pass_over_type(MapReader& source) {
    source.ignore({"include", "exclude", "start_at", "framing", "listen", "max_connections", "idle_timeout",
                   "receive_buffer", "path", "mode", "tls"});
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
    if (available && options.type == Options::Type::File) read_file_keys(reader, options);
    if (available && options.type == Options::Type::Stdin) {
        reader.misplaced({"include", "exclude", "start_at"}, "only for type 'file'");
    }
    if (available) {
        read_later_keys(reader, options.framing);
    } else {
        pass_over_type(reader);
    }
    reader.finish();
    return result;
}

}  // namespace aep::config
