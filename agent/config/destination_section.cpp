#include "base/bytes.hpp"
#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {
namespace {

using namespace std::chrono_literals;
using base::operator""_KiB;
using base::operator""_MiB;
using base::operator""_GiB;
using delivery::Answers;
using delivery::BufferOptions;

const Words<Answers> kAnswers{{{"per_message", Answers::PerMessage}, {"any_2xx", Answers::Any2xx}}};
const Words<delivery::Coding> kCodings{{{"none", delivery::Coding::None}, {"gzip", delivery::Coding::Gzip}}};
const Words<bool> kAuths{{{"none", false}, {"platform", true}}};

const Words<BufferOptions::Type> kBufferTypes{
    {{"memory", BufferOptions::Type::Memory}, {"disk", BufferOptions::Type::Disk}}};
const Words<BufferOptions::WhenFull> kWhenFull{
    {{"block", BufferOptions::WhenFull::Block}, {"drop_newest", BufferOptions::WhenFull::DropNewest}}};
const Words<BufferOptions::Compression> kBufferCompression{
    {{"none", BufferOptions::Compression::None}, {"zstd", BufferOptions::Compression::Zstd}}};

/// AEP refuses requests above 1 MB and does not say which megabyte it means: the smaller one.
constexpr std::size_t kMaxRequest = 1'000'000;

void read_url(MapReader& destination, std::string& url) {
    destination.require("url", "url: https://dcs.adobedc.net/collection/INLET");
    destination.text("url", url, check_inlet_url);
    url = without_batch(std::move(url));
}

/// Without a platform there are no limits to keep to.
std::size_t batch_messages(const std::vector<Platform>& platforms, const std::string& id,
                           std::size_t configured) {
    for (const Platform& platform : platforms) {
        if (platform.id == id) return platform.limits.batch_messages(configured);
    }
    return configured;
}

void read_batch(MapReader batch, const std::vector<Platform>& platforms, const std::string& platform,
                pipeline::BatchOptions& options) {
    batch.size("max_bytes", options.max_bytes, {1_KiB, kMaxRequest});
    options.max_messages = batch_messages(platforms, platform, options.max_messages);
    batch.integer("max_messages", options.max_messages, {1, 100'000});
    options.max_messages = batch_messages(platforms, platform, options.max_messages);
    batch.duration("linger", options.linger, {1ms, 1h});
    batch.finish();
}

void read_timeout(MapReader timeout, http::TimeoutOptions& options) {
    timeout.duration("connect", options.connect, {1ms, 10min});
    timeout.duration("request", options.request, {1ms, 1h});
    timeout.finish();
}

void read_retry(MapReader retry, delivery::DestinationOptions& options) {
    retry.duration("initial", options.retry.initial, {1ms, 1h});
    retry.duration("max", options.retry.max, {1ms, 24h});
    if (options.retry.initial > options.retry.max) {
        retry.fail(retry.has("initial") ? "initial" : "max",
                   "initial (" + base::format_duration(options.retry.initial) + ") is larger than max (" +
                       base::format_duration(options.retry.max) + ")",
                   "make initial the smaller one");
    }
    if (!retry.is_word("give_up_after", "never", true)) {
        base::Millis bound{0};
        retry.duration("give_up_after", bound, {1s, 24h * 365});
        options.give_up_after = bound;
    }
    retry.finish();
}

void read_buffer(MapReader buffer, delivery::BufferOptions& options) {
    if (buffer.present()) buffer.require("type", "type: memory");
    const bool is_known = buffer.choice("type", options.type, kBufferTypes);
    if (options.type == BufferOptions::Type::Disk) {
        std::size_t max_bytes = options.max_bytes;
        buffer.size("max_bytes", max_bytes, {16_MiB, 1024_GiB});
        options.max_bytes = max_bytes;
        buffer.choice("when_full", options.when_full, kWhenFull);
        buffer.choice("compression", options.compression, kBufferCompression);
    } else if (is_known) {
        buffer.misplaced({"max_bytes", "when_full", "compression"}, "only for type 'disk'");
    }
    buffer.ignore({"max_bytes", "when_full", "compression"});
    buffer.finish();
}

}  // namespace

PlacedDestination read_destination(MapReader reader, const std::vector<Platform>& platforms) {
    PlacedDestination result;
    delivery::DestinationOptions& options = result.options.delivery;
    options.id = read_own_id(reader, reader.context().destinations);
    result.platform = read_reference(reader, "platform", reader.context().platforms);
    read_url(reader, options.url);
    options.platform = result.platform;
    read_batch(reader.section("batch"), platforms, result.platform, result.options.batch);
    options.batch_bytes = result.options.batch.max_bytes;
    reader.integer("connections", options.connections, {1, 256});
    read_timeout(reader.section("timeout"), options.timeout);
    read_retry(reader.section("retry"), options);
    reader.choice("answers", options.answers, kAnswers);
    reader.choice("compression", options.compression, kCodings);
    reader.choice("auth", result.authenticates, kAuths);
    read_headers(reader, options.headers);
    read_tls(reader.section("tls"), options.tls);
    read_proxy(reader, options.proxy);
    read_buffer(reader.section("buffer"), options.buffer);
    reader.finish();
    return result;
}

}  // namespace aep::config
