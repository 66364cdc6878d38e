#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/duration.hpp"
#include "codec/options.hpp"
#include "xdm/options.hpp"

namespace aep::xdm {
struct Proof;
}

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

/// `invalid_limit:` of a stream: more than `share` of the last `of` records invalid means that something was
/// deployed that should not have been. The stream is held then.
struct InvalidLimit {
    double share = 0.2;
    std::size_t of = 1000;
};

/// One entry of `streams:`.
struct StreamOptions {
    std::string id;
    std::string destination;
    xdm::EnvelopeOptions envelope;
    xdm::ProofOptions proof;
    OnInvalid on_invalid = OnInvalid::DeadLetter;
    std::optional<InvalidLimit> invalid_limit;
    Order order = Order::None;
};

/// What the way of one source's records through the workers is made of.
struct RouteOptions {
    std::string source;  ///< what record::Origin::way() says of its records
    codec::CodecOptions codec;
    StreamOptions stream;
    BatchOptions batch;                       ///< of the stream's destination
    std::shared_ptr<const xdm::Proof> proof;  ///< of the stream; null: nobody looks
    /// Its records are entities already, checked before they were sent the first time (replayed dead
    /// letters): they are only wrapped.
    bool entities = false;
};

}  // namespace aep::pipeline
