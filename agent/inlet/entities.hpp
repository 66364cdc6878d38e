#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace aep::inlet {

/// What GET /inlet/entities asks for.
struct EntityQuery {
    std::optional<std::string> path;  ///< dotted; a number picks from an array: "items.0.sku"
    std::string value;                ///< equals the string there, or the JSON text of what is no string
    std::size_t limit = 100;
};

/// The accepted entities: all of them in a file, the newest in memory. A request's entities are added one by
/// one and committed together. Confined to the inlet's thread.
class Entities {
  public:
    /// Appends to `file` (created with mode 0600; empty: no file) and keeps the newest `keep` in memory.
    [[nodiscard]] static base::Result<std::unique_ptr<Entities>> open(const std::filesystem::path& file,
                                                                      std::size_t keep);
    ~Entities();
    Entities(const Entities&) = delete;
    Entities& operator=(const Entities&) = delete;

    /// Takes one entity, a valid JSON object, onto one line: blanks between its tokens go.
    void add(std::string_view json);
    /// Writes what was added since the last commit. After an error nothing of it was taken.
    [[nodiscard]] base::Result<> commit();

    /// {"count":all that match,"entities":[the newest `limit` of them, oldest first]}
    [[nodiscard]] std::string find(const EntityQuery& query) const;

  private:
    Entities(std::filesystem::path file, int fd, std::uint64_t file_size, std::size_t keep);
    void keep_pending();

    const std::filesystem::path file_;
    const int fd_;             ///< -1: no file
    std::uint64_t file_size_;  ///< up to where the file holds whole lines
    const std::size_t keep_;
    std::string pending_;              ///< lines that are not committed
    std::vector<std::string> newest_;  ///< a ring
    std::size_t oldest_ = 0;           ///< where the ring begins
};

}  // namespace aep::inlet
