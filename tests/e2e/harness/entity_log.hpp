#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace aep::e2e {

/// The `_id`s of the entities that an inlet has accepted, read from its entities file as it grows.
class EntityLog {
  public:
    explicit EntityLog(std::filesystem::path file) : file_{std::move(file)} {}

    /// Takes in what is new. Returns how many entities there are by now.
    std::size_t read();
    [[nodiscard]] std::size_t size() const { return size_; }
    /// How often the entity with this `_id` was accepted.
    [[nodiscard]] std::uint32_t count(const std::string& id) const;

    /// Those of `expected` that were never accepted.
    [[nodiscard]] std::vector<std::string> missing(const std::vector<std::string>& expected) const;
    /// Acceptances beyond the first, over all `_id`s.
    [[nodiscard]] std::size_t duplicates() const { return size_ - counts_.size(); }
    /// Different `_id`s.
    [[nodiscard]] std::size_t distinct() const { return counts_.size(); }

  private:
    void take(std::string_view line);

    std::filesystem::path file_;
    /// Of the first line that was not whole yet. It is read again: an inlet that was killed within a line
    /// cuts that off when it starts again, and writes another in its place.
    std::uint64_t offset_ = 0;
    std::size_t size_ = 0;
    std::unordered_map<std::string, std::uint32_t> counts_;
};

/// The `_id`s of the entities in a file, in the file's order.
[[nodiscard]] std::vector<std::string> ids_in_order(const std::filesystem::path& entities_file);

/// A record of anonymous_lines() as it came.
struct Arrivals {
    std::set<std::string> ids;
    std::uint64_t count = 0;  ///< under all of them
};

/// The numbers of anonymous_lines() in lines that hold entities, and how each arrived.
[[nodiscard]] std::map<std::uint64_t, Arrivals> arrivals_by_number(std::istream& lines);
[[nodiscard]] std::map<std::uint64_t, Arrivals> arrivals_by_number(
    const std::filesystem::path& entities_file);

}  // namespace aep::e2e
