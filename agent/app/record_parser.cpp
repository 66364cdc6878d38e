#include "app/record_parser.hpp"

#include <utility>

namespace aep::app {

RecordParser::RecordParser(std::size_t max_depth)
    : max_depth_{max_depth}, decoder_{codec::CodecOptions{.max_depth = max_depth}} {}

RecordParser::Parsed RecordParser::parse(const LineReader::Line& line) {
    if (line.too_long) return {.keyword = "json", .reason = "longer than 256 MiB"};
    if (const simdjson::dom::element* value = decoder_.decode(line.text)) return {.value = value};
    codec::DecodeFailure failure = decoder_.explain(line.text);
    if (failure.code == "too_deep") return {.keyword = "depth", .reason = std::move(failure.reason)};
    if (failure.code != "number_out_of_range") {
        return {.keyword = "json", .reason = std::move(failure.reason)};
    }
    return parse_exactly(line.text);
}

RecordParser::Parsed RecordParser::parse_exactly(std::string_view text) {
    auto document = xdm::JsonDocument::parse(
        text, {.max_bytes = text.size(), .max_depth = max_depth_, .refuse_duplicates = false});
    if (!document) return {.keyword = "json", .reason = document.error().message};
    document_ = std::move(*document);
    return {.exact = &document_->root()};
}

}  // namespace aep::app
