#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/problem.hpp"
#include "config/value.hpp"

namespace aep::config {

/// The ids of one kind of thing, and who refers to them. The Values given to it outlive it.
class Registry {
  public:
    explicit Registry(std::string kind) : kind_{std::move(kind)} {}

    /// An id given twice is a problem that names both places.
    void define(const Value& id, Problems& problems);
    void refer(const Value& reference) { references_.push_back(&reference); }

    /// After everything is read: a reference to nothing is a problem, with a suggestion.
    void check_references(Problems& problems) const;
    /// Whatever nobody refers to is a warning.
    void check_unused(Problems& warnings) const;

  private:
    std::string kind_;
    std::map<std::string, const Value*> defined_;
    std::vector<const Value*> references_;
};

}  // namespace aep::config
