#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/line_reader.hpp"
#include "app/record_parser.hpp"
#include "xdm/identity_rules.hpp"
#include "xdm/report.hpp"
#include "xdm/schema.hpp"
#include "xdm/validator.hpp"

namespace aep::app {

/// Checks lines against a schema and, where they are given, rules of class and identity: what `validate` and
/// `schema diff` share. Any JSON value is a record here; numbers of any size are checked exactly. Confined.
class RecordChecker {
  public:
    RecordChecker(std::shared_ptr<const xdm::Schema> schema, xdm::UnknownKeys unknown_keys,
                  std::optional<xdm::IdentityRules> rules = std::nullopt);

    /// Whether the line is a valid record. Else violations() tells why, in the order of their pointers; a
    /// line that is no JSON has one with the keyword "json", one that is nested too deeply "depth".
    [[nodiscard]] bool check(const LineReader::Line& line);
    [[nodiscard]] std::span<const xdm::Violation> violations() const { return report_.violations(); }

    /// `[{"keyword":"type","pointer":"/_id","message":"..."}]`
    void append_errors(std::string& out) const;

  private:
    bool refuse(std::string_view keyword, std::string message);

    RecordParser parser_;
    xdm::Validator validator_;
    const std::optional<xdm::IdentityRules> rules_;
    xdm::Report report_;
};

/// Compiles the schema for a command: problems go to stderr, and then nothing is returned.
[[nodiscard]] std::shared_ptr<const xdm::Schema> load_schema_or_tell(
    const std::vector<std::filesystem::path>& files, std::string_view command);

}  // namespace aep::app
