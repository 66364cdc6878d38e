#pragma once

#include <cstddef>
#include <string>

#include "base/duration.hpp"
#include "codec/options.hpp"
#include "xdm/options.hpp"

namespace aep::pipeline {

/// When a batch is sealed: at the first bound it meets.
struct BatchOptions {
    std::size_t max_bytes =
        900'000;  ///< of the request's body, at most 1,000,000 (AEP refuses requests above 1 MB)
    std::size_t max_messages = 5000;
    base::Millis linger{500};  ///< since its first message
};

enum class OnInvalid { DeadLetter, Drop };

/// `order:` of a stream.
enum class Order {
    None,
    Source,  ///< records of one reader keep their order: one worker, one request in flight
};

/// One entry of `streams:`.
struct StreamOptions {
    std::string id;
    std::string destination;
    xdm::EnvelopeOptions envelope;
    OnInvalid on_invalid = OnInvalid::DeadLetter;
    Order order = Order::None;
};

/// What the way of one source's records through the workers is made of.
struct RouteOptions {
    std::string source;  ///< what record::Origin::way() says of its records
    codec::CodecOptions codec;
    StreamOptions stream;
    BatchOptions batch;  ///< of the stream's destination
    /// Its records are entities already, checked before they were sent the first time (replayed dead
    /// letters): they are only wrapped.
    bool entities = false;
};

}  // namespace aep::pipeline
