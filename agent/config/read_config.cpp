#include "config/read_config.hpp"

#include <algorithm>

#include "config/sections.hpp"

namespace aep::config {
namespace {

/// Entries in the order of the file, each with the map it was read from.
struct Draft {
    Config config;
    std::vector<PlacedDestination> destinations;
};

void require_entries(MapReader& root, std::string_view key, std::string_view example) {
    root.require(key, example);
    const Value* list = root.find(key);
    const bool empty =
        list != nullptr && !list->broken &&
        (list->type == Value::Type::Null || (list->type == Value::Type::List && list->items.empty()));
    if (empty && list->type == Value::Type::List)
        root.fail(*list, "has no entries", "begin one with '- id: NAME'");
}

Draft read_sections(MapReader& root, Sources sources) {
    Draft draft;
    Config& config = draft.config;
    config.agent = read_agent(root.section("agent"));
    for (MapReader& entry : root.sections("platforms")) config.platforms.push_back(read_platform(entry));
    if (sources == Sources::Required)
        require_entries(root, "sources", "sources:` with at least one entry `- id: ...");
    for (MapReader& entry : root.sections("sources")) {
        config.sources.push_back(read_source(entry, config.agent.memory_limit));
    }
    require_entries(root, "streams", "streams:` with at least one entry `- id: ...");
    for (MapReader& entry : root.sections("streams")) config.streams.push_back(read_stream(entry));
    require_entries(root, "destinations", "destinations:` with at least one entry `- id: ...");
    for (MapReader& entry : root.sections("destinations"))
        draft.destinations.push_back(read_destination(entry, config.platforms));
    config.dead_letter = read_dead_letter(root.section("dead_letter"), config.agent.state_dir);
    config.receipts = read_receipts(root, config.agent.state_dir);
    config.telemetry = read_telemetry(root.section("telemetry"));
    root.finish();
    return draft;
}

void check_references(Context& context, Sources sources) {
    for (const Registry* registry : {&context.platforms, &context.streams, &context.destinations}) {
        registry->check_references(context.problems);
        // Where a command is the source, it uses the streams.
        if (registry == &context.streams && sources == Sources::Optional) continue;
        registry->check_unused(context.warnings);
    }
}

/// Standard input can be read once.
void check_stdin(const Value& root, Problems& problems) {
    const Value* sources = root.find("sources");
    if (sources == nullptr) return;
    const Value* first = nullptr;
    for (const Value& source : sources->items) {
        const Value* type = source.find("type");
        if (type == nullptr || type->text != "stdin") continue;
        if (first == nullptr) {
            first = type;
            continue;
        }
        problems.push_back({type->place, type->path + ": a second source of type 'stdin'",
                            "the first is at " + first->place.to_string() + ", keep one of them"});
    }
}

const PlacedDestination* destination_of(const Draft& draft, const std::string& id) {
    const auto found =
        std::find_if(draft.destinations.begin(), draft.destinations.end(),
                     [&id](const PlacedDestination& d) { return d.options.delivery.id == id; });
    return found == draft.destinations.end() ? nullptr : &*found;
}

/// The header of every message of format xdm names the organisation, which the destination's platform knows.
void set_org(const Value& stream, pipeline::StreamOptions& options, const Draft& draft, Problems& problems) {
    const PlacedDestination* destination = destination_of(draft, options.destination);
    if (destination == nullptr) return;
    const Value* reference = stream.find("destination");
    if (destination->platform.empty()) {
        if (options.envelope.format != xdm::StreamFormat::Xdm || reference == nullptr) return;
        problems.push_back({reference->place,
                            reference->path + ": the destination " + in_quotes(options.destination) +
                                " has no platform, whose org_id format xdm needs",
                            "add `platform: ID` to the destination"});
        return;
    }
    for (const Platform& platform : draft.config.platforms) {
        if (platform.id == destination->platform) options.envelope.org_id = platform.org_id;
    }
}

void set_orgs(const Value& root, Draft& draft, Problems& problems) {
    const Value* streams = root.find("streams");
    if (streams == nullptr) return;
    for (const Value& stream : streams->items) {
        const Value* id = stream.find("id");
        if (id == nullptr) continue;
        for (pipeline::StreamOptions& options : draft.config.streams) {
            if (options.id == id->text) set_org(stream, options, draft, problems);
        }
    }
}

const Platform* platform_of(const Draft& draft, const PlacedDestination& destination) {
    const auto found = std::find_if(draft.config.platforms.begin(), draft.config.platforms.end(),
                                    [&](const Platform& p) { return p.id == destination.platform; });
    return found == draft.config.platforms.end() ? nullptr : &*found;
}

/// The token endpoint is reached as the inlet is, where it has no settings of its own.
void add_tokens(Config& config, const http::TokenOptions& auth, const delivery::DestinationOptions& user) {
    const auto known = std::find_if(config.tokens.begin(), config.tokens.end(),
                                    [&](const http::TokenOptions& t) { return t.platform == auth.platform; });
    if (known != config.tokens.end()) return;
    http::TokenOptions& tokens = config.tokens.emplace_back(auth);
    if (!tokens.tls) tokens.tls = user.tls;
    if (!tokens.proxy) tokens.proxy = user.proxy;
}

void set_tokens(const Value& root, Draft& draft, Context& context) {
    for (PlacedDestination& destination : draft.destinations) {
        if (!destination.authenticates) continue;
        const Platform* platform = platform_of(draft, destination);
        if (platform != nullptr && platform->auth) {
            destination.options.token_platform = platform->id;
            add_tokens(draft.config, *platform->auth, destination.options.delivery);
            continue;
        }
        const Value* list = root.find("destinations");
        const auto entry = std::find_if(list->items.begin(), list->items.end(), [&](const Value& item) {
            const Value* id = item.find("id");
            return id != nullptr && id->text == destination.options.delivery.id;
        });
        const Value* auth = entry == list->items.end() ? nullptr : entry->find("auth");
        if (auth == nullptr) continue;
        context.problems.push_back({auth->place,
                                    auth->path + ": there is no `auth` in the destination's platform",
                                    "add the platform's client_id and client_secret there, or remove it"});
    }
    for (const Platform& platform : draft.config.platforms) {
        const bool used = std::any_of(draft.config.tokens.begin(), draft.config.tokens.end(),
                                      [&](const http::TokenOptions& t) { return t.platform == platform.id; });
        if (!platform.auth || used) continue;
        const Value* list = root.find("platforms");
        const auto entry = std::find_if(list->items.begin(), list->items.end(), [&](const Value& item) {
            const Value* id = item.find("id");
            return id != nullptr && id->text == platform.id;
        });
        if (entry == list->items.end() || entry->find("auth") == nullptr) continue;
        const Value& auth = *entry->find("auth");
        context.warnings.push_back({auth.place, auth.path + ": no destination uses it",
                                    "add `auth: platform` to those whose inlets require authentication"});
    }
}

}  // namespace

Config read_config(const Value& root, Sources sources, Effective& shown, Context& context) {
    MapReader reader{&root, "", root.place, shown, context};
    Draft draft = read_sections(reader, sources);
    check_references(context, sources);
    check_stdin(root, context.problems);
    check_sources(root, draft.config, context);
    set_orgs(root, draft, context.problems);
    set_tokens(root, draft, context);
    for (PlacedDestination& destination : draft.destinations) {
        draft.config.destinations.push_back(std::move(destination.options));
    }
    return std::move(draft.config);
}

}  // namespace aep::config
