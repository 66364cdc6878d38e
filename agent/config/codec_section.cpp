#include "config/sections.hpp"

namespace aep::config {

codec::CodecOptions read_codec(MapReader codec) {
    using Type = codec::CodecOptions::Type;
    static const Words<Type> kTypes{{{"ndjson", Type::Ndjson}, {"json", Type::Json}},
                                    {"csv", "logfmt", "syslog", "access_log", "regex", "raw"}};
    codec::CodecOptions options;
    if (codec.present()) codec.require("type", "type: ndjson");
    const bool available = codec.choice("type", options.type, kTypes);
    codec.integer("max_depth", options.max_depth, {1, 1024});
    // The options of other codecs are known to the version that has them.
    if (available) codec.finish();
    return options;
}

}  // namespace aep::config
