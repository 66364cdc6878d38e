#include "delivery/compression.hpp"

#include "telemetry/log.hpp"

namespace aep::delivery {

Compression::Compression(const DestinationOptions& options)
    : destination_{options.id},
      gzip_{options.compression == Coding::Gzip ? std::make_unique<http::Gzip>() : nullptr} {}

bool Compression::may_refuse(const http::Answer& packed) {
    return packed.status == 400 || packed.status == 415;
}

void Compression::learn(const http::Answer& packed, const http::Answer& plain) {
    // A bad message is refused in either form: that says nothing about the packing.
    if (!gzip_ || packed.status == plain.status || plain.status / 100 != 2) return;
    gzip_.reset();
    telemetry::log::warn("compression_refused",
                         "the inlet does not take compressed requests, sending plain ones",
                         {{"destination", destination_}, {"status", packed.status}});
}

}  // namespace aep::delivery
