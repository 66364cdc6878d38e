#include "config/checks.hpp"
#include "config/sections.hpp"

namespace aep::config {

using namespace std::chrono_literals;

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
        timestamp.text("field", options.field, check_field);
        timestamp.text("format", options.format, check_time_format);
        timestamp.text("zone", options.zone, check_zone);
        timestamp.duration("max_future", options.max_future, {0ms, kYear});
    } else {
        timestamp.misplaced({"field", "format", "zone", "max_future"}, "only for `from: field`");
    }
    timestamp.finish();
    return options;
}

}  // namespace aep::config
