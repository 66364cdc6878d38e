#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace aep::e2e {

/// A directory of its own that goes, with all that is in it, when the test ends.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    /// Writes a whole file and returns its path.
    std::filesystem::path write(const std::string& name, std::string_view text) const;

  private:
    std::filesystem::path path_;
};

/// The whole file; empty where there is none.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace aep::e2e
