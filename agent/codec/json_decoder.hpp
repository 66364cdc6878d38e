#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "codec/options.hpp"

namespace simdjson::dom {
class element;
}

namespace aep::codec {

/// Why the bytes of a record are not what its codec expects.
struct DecodeFailure {
    std::string_view code;   ///< invalid_json | invalid_utf8 | number_out_of_range | too_deep
    std::string reason;      ///< for people, with the place
    std::size_t offset = 0;  ///< of the fault, in bytes from the record's start
};

/// Codecs ndjson and json: checks a record whole (syntax, UTF-8, numbers, depth) and gives a view on its
/// values. Integers must fit 64 bits and floating-point numbers a double, because a value that this agent
/// cannot read exactly it cannot check. Confined to one worker; reuses its memory, so that a record costs no
/// allocation.
class JsonDecoder {
  public:
    explicit JsonDecoder(const CodecOptions& options);
    ~JsonDecoder();
    JsonDecoder(const JsonDecoder&) = delete;
    JsonDecoder& operator=(const JsonDecoder&) = delete;

    /// The record's value, valid until the next call; null when it is not valid. At least 64 readable bytes
    /// must follow `record` (record::kBlockPadding).
    [[nodiscard]] const simdjson::dom::element* decode(std::string_view record);

    /// What was wrong with the record that decode() just refused. Reads it a second time, slowly and exactly.
    [[nodiscard]] DecodeFailure explain(std::string_view record) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::codec
