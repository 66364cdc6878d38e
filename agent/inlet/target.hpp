#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace aep::inlet {

/// A request's target (RFC 9112 3.2.1), taken apart.
struct Target {
    std::string path;                                         ///< as sent
    std::map<std::string, std::string, std::less<>> queries;  ///< decoded; of a repeated key the last

    [[nodiscard]] std::optional<std::string> query(std::string_view key) const;
};

[[nodiscard]] Target parse_target(std::string_view text);

/// The inlet id of /collection/{id} or /collection/batch/{id}; `path` is neither: nothing.
struct CollectionPath {
    std::string inlet_id;
    bool batch = false;
};
[[nodiscard]] std::optional<CollectionPath> parse_collection_path(std::string_view path);

}  // namespace aep::inlet
