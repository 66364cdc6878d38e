#include "codec/json_decoder.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <stdexcept>

#include "codec/json_fault.hpp"

namespace aep::codec {
namespace {

/// Memory for records up to this size is taken once; larger ones make it grow.
constexpr std::size_t kFirstCapacity = std::size_t{64} << 10U;

}  // namespace

struct JsonDecoder::Impl {
    explicit Impl(const CodecOptions& codec_options) : options{codec_options} {
        // simdjson counts the document itself as one level.
        if (parser.allocate(kFirstCapacity, options.max_depth + 1) != simdjson::SUCCESS) {
            throw std::runtime_error{"out of memory for the JSON parser"};
        }
    }

    CodecOptions options;
    simdjson::dom::parser parser;
    simdjson::dom::element value;
    simdjson::error_code error = simdjson::SUCCESS;
};

JsonDecoder::JsonDecoder(const CodecOptions& options) : impl_{std::make_unique<Impl>(options)} {}

JsonDecoder::~JsonDecoder() = default;

const simdjson::dom::element* JsonDecoder::decode(std::string_view record) {
    constexpr bool kCopyToPad = false;
    impl_->error = impl_->parser.parse(record.data(), record.size(), kCopyToPad).get(impl_->value);
    return impl_->error == simdjson::SUCCESS ? &impl_->value : nullptr;
}

DecodeFailure JsonDecoder::explain(std::string_view record) const {
    const simdjson::error_code error = impl_->error;
    if (error == simdjson::DEPTH_ERROR) {
        return {
            .code = "too_deep",
            .reason = fmt::format("arrays and objects are nested deeper than {}", impl_->options.max_depth)};
    }
    const auto fault = find_json_fault(record, impl_->options.max_depth + 1);
    const std::size_t offset = fault ? fault->offset : 0;
    if (error == simdjson::UTF8_ERROR) {
        return {.code = "invalid_utf8",
                .reason = fmt::format("invalid UTF-8 at or behind byte {} of the record", offset),
                .offset = offset};
    }
    if (fault && fault->number_out_of_range) {
        return {
            .code = "number_out_of_range",
            .reason = fmt::format("{} at byte {} of the record: integers must fit 64 bits, others a double",
                                  fault->message, offset),
            .offset = offset};
    }
    return {.code = "invalid_json",
            .reason = fmt::format("invalid JSON at byte {} of the record: {}", offset,
                                  fault ? fault->message : simdjson::error_message(error)),
            .offset = offset};
}

}  // namespace aep::codec
