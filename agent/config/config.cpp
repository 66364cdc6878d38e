#include "config/config.hpp"

#include <algorithm>
#include <stdexcept>

namespace aep::config {

const pipeline::StreamOptions& Config::stream(const std::string& id) const {
    const auto found = std::find_if(streams.begin(), streams.end(),
                                    [&id](const pipeline::StreamOptions& stream) { return stream.id == id; });
    if (found == streams.end()) throw std::out_of_range{"there is no stream '" + id + "'"};
    return *found;
}

const Destination& Config::destination(const std::string& id) const {
    const auto found = std::find_if(destinations.begin(), destinations.end(),
                                    [&id](const Destination& d) { return d.delivery.id == id; });
    if (found == destinations.end()) throw std::out_of_range{"there is no destination '" + id + "'"};
    return *found;
}

}  // namespace aep::config
