#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pipeline/block_queue.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/route.hpp"

namespace aep::pipeline {

/// One worker: takes Blocks from its inbox, sends each down its source's route, and seals batches whose
/// linger has passed. Confined to its thread after construction.
class Worker {
  public:
    Worker(std::size_t index, const std::vector<RouteOptions>& routes, const Surroundings& surroundings,
           const InvalidGuards& guards, BlockQueue& queue);

    /// Until the queue is closed and empty; then every open batch is sealed.
    void run();

    /// After run(): appends the Blocks that its streams hold back.
    void give_up_held(std::vector<record::BlockPtr>& held);

  private:
    [[nodiscard]] base::SteadyTime next_deadline() const;
    void seal_due(base::SteadyTime now);

    const std::size_t index_;
    BlockQueue& queue_;
    /// By stream, and whether its records are entities already.
    std::map<std::pair<std::string, bool>, std::unique_ptr<StreamLane>> lanes_;
    std::unordered_map<std::string, std::unique_ptr<Route>> routes_;  ///< by record::Origin::way()
};

}  // namespace aep::pipeline
