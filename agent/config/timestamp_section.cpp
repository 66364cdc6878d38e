#include <fmt/format.h>

#include "base/record_meta.hpp"
#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kReceivedAt = "_meta.received_at";

std::optional<Fault> check_time_field(std::string_view text) {
    if (!text.starts_with(base::kMetaPrefix) || text == kReceivedAt) return check_field(text);
    return Fault{"is not a time", fmt::format("of `_meta` only {} is", kReceivedAt)};
}

}  // namespace

xdm::TimestampOptions read_timestamp(MapReader timestamp, xdm::TimestampOptions::From assumed) {
    using From = xdm::TimestampOptions::From;
    static const Words<From> kFroms{
        {{"field", From::Field}, {"ingest_time", From::IngestTime}, {"none", From::None}}};
    constexpr base::Millis kYear = std::chrono::hours{24 * 365};
    xdm::TimestampOptions options;
    options.from = assumed;
    if (timestamp.present()) timestamp.require("from", "from: field");
    timestamp.choice("from", options.from, kFroms);
    if (options.from == From::Field) {
        timestamp.text("field", options.field, check_time_field);
        if (options.field == kReceivedAt) {
            timestamp.misplaced({"format", "zone", "max_future"}, "not for `_meta.received_at`");
        }
        timestamp.text("format", options.format, check_time_format);
        timestamp.text("zone", options.zone, check_zone);
        timestamp.duration("max_future", options.max_future, {0ms, kYear});
    } else {
        timestamp.misplaced({"field", "format", "zone", "max_future"}, "only for `from: field`");
    }
    timestamp.finish();
    // The time of reading, by the other of its names.
    if (options.field == kReceivedAt) options.from = From::IngestTime;
    return options;
}

}  // namespace aep::config
