#pragma once

#include <cstdint>
#include <string>

namespace aep::http {

/// Tells whether a file is another than it was: its identity, size and time. All zero where there is none.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;

    bool operator==(const FileStamp&) const = default;
};

/// Follows links, such as those that Kubernetes exchanges. Of an empty path: all zero.
[[nodiscard]] FileStamp stamp_of(const std::string& path);

}  // namespace aep::http
