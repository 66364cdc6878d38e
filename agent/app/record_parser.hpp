#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "app/line_reader.hpp"
#include "codec/json_decoder.hpp"
#include "xdm/json.hpp"

namespace aep::app {

/// Parses lines that hold a JSON value each, for commands that look at records. What the fast parser refuses
/// because of a number that fits no machine type is read by the exact one: it is JSON all the same. Confined.
class RecordParser {
  public:
    /// One of the two values, or neither: then why. Valid until the next parse().
    struct Parsed {
        const simdjson::dom::element* value = nullptr;
        const xdm::Json* exact = nullptr;
        std::string_view keyword{};  ///< json | depth
        std::string reason{};
    };

    explicit RecordParser(std::size_t max_depth);

    [[nodiscard]] Parsed parse(const LineReader::Line& line);

  private:
    [[nodiscard]] Parsed parse_exactly(std::string_view text);

    std::size_t max_depth_;
    codec::JsonDecoder decoder_;
    std::optional<xdm::JsonDocument> document_;
};

}  // namespace aep::app
