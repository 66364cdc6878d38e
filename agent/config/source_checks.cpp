#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/record_meta.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

using Options = source::SourceOptions;
using Type = Options::Type;

/// One place that a part of the configuration listens at.
struct Listening {
    bool datagrams;
    std::string host;  ///< of a unix socket, its path; the port is empty then
    std::string port;
    const Value* value;
};

bool is_any_address(std::string_view host) {
    return host == "0.0.0.0" || host == "[::]" || host == "*";
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

bool collide(const Listening& a, const Listening& b) {
    if (a.port != b.port || a.port == "0") return false;
    if (a.port.empty()) return a.host == b.host;
    return a.datagrams == b.datagrams &&
           (a.host == b.host || is_any_address(a.host) || is_any_address(b.host));
}

Listening listening_at(std::string_view address, bool datagrams, const Value* value) {
    const std::size_t colon = std::min(address.rfind(':'), address.size());
    return {.datagrams = datagrams,
            .host = std::string{address.substr(0, colon)},
            .port = std::string{address.substr(std::min(colon + 1, address.size()))},
            .value = value};
}

void report_collisions(const std::vector<Listening>& all, Problems& problems) {
    for (std::size_t i = 1; i < all.size(); ++i) {
        const auto first = std::find_if(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i),
                                        [&](const Listening& other) { return collide(other, all[i]); });
        if (first == all.begin() + static_cast<std::ptrdiff_t>(i)) continue;
        problems.push_back(
            {all[i].value->place,
             fmt::format("{}: {} is taken by {} at {}", all[i].value->path, all[i].value->shown(),
                         first->value->path, first->value->place.to_string()),
             "choose another"});
    }
}

void warn_of(const Options& options, const Listening& place, Problems& warnings) {
    const std::string& port = place.port;
    const bool privileged = !port.empty() && port.size() <= 4 && std::stoi(port) < 1024 && port != "0";
    if (privileged) {
        warnings.push_back({place.value->place,
                            fmt::format("{}: ports below 1024 need a privilege", place.value->path),
                            "give the agent CAP_NET_BIND_SERVICE, or take a higher port"});
    }
    if (port.empty() || is_loopback(place.host) || !options.tls.cert_file.empty()) return;
    warnings.push_back(
        {place.value->place,
         fmt::format("{}: records cross the network readable, and whoever reaches the port can send some",
                     place.value->path),
         options.type == Type::Tcp ? "set tls with client_ca_file, or listen on 127.0.0.1"
                                   : "keep it within a network that you trust, or listen on 127.0.0.1"});
}

const Options* options_of(const Config& config, const Value& source) {
    const Value* id = source.find("id");
    if (id == nullptr) return nullptr;
    for (const Source& known : config.sources) {
        if (known.options.id == id->text) return &known.options;
    }
    return nullptr;
}

void check_listening(const Value& root, const Config& config, Context& context) {
    std::vector<Listening> all;
    const Value* telemetry = root.find("telemetry");
    const Value* page = telemetry == nullptr ? nullptr : telemetry->find("listen");
    if (page != nullptr && page->text != "off") all.push_back(listening_at(page->text, false, page));
    const Value* sources = root.find("sources");
    if (sources == nullptr) return;
    for (const Value& source : sources->items) {
        const Options* options = options_of(config, source);
        if (options == nullptr) continue;
        if (const Value* path = source.find("path"); path != nullptr && !options->path.empty()) {
            all.push_back({.datagrams = false, .host = options->path.string(), .port = "", .value = path});
        } else if (const Value* listen = source.find("listen");
                   listen != nullptr && !options->listen.empty()) {
            all.push_back(listening_at(options->listen, options->type == Type::Udp, listen));
            warn_of(*options, all.back(), context.warnings);
        }
    }
    report_collisions(all, context.problems);
}

bool knows(Type type, base::MetaField field) {
    if (field == base::MetaField::File) return type == Type::File;
    if (field == base::MetaField::Peer) return type != Type::File && type != Type::Stdin;
    return true;
}

/// Where the fields of a stream's entity_id stand.
std::vector<const Value*> id_fields(const Value& stream) {
    std::vector<const Value*> fields;
    const Value* id = stream.find("entity_id");
    if (id == nullptr || id->type != Value::Type::Map) return fields;
    if (const Value* field = id->find("field")) fields.push_back(field);
    if (const Value* list = id->find("fields")) {
        for (const Value& field : list->items) fields.push_back(&field);
    }
    return fields;
}

void check_meta(const Value& stream, const Config& config, Problems& problems) {
    const Value* id = stream.find("id");
    for (const Value* value : id_fields(stream)) {
        if (id == nullptr || !std::string_view{value->text}.starts_with(base::kMetaPrefix)) continue;
        const auto field = base::meta_field(std::string_view{value->text}.substr(base::kMetaPrefix.size()));
        for (const Source& source : config.sources) {
            if (!field || source.options.stream != id->text || knows(source.options.type, *field)) continue;
            problems.push_back({value->place,
                                fmt::format("{}: {} is not known of records of the source {}", value->path,
                                            value->shown(), in_quotes(source.options.id)),
                                "every record of it would be refused: choose another field, or give the "
                                "source a stream of its own"});
        }
    }
}

}  // namespace

void check_sources(const Value& root, const Config& config, Context& context) {
    check_listening(root, config, context);
    const Value* streams = root.find("streams");
    if (streams == nullptr) return;
    for (const Value& stream : streams->items) check_meta(stream, config, context.problems);
}

}  // namespace aep::config
