#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "inlet/counters.hpp"
#include "inlet/entities.hpp"
#include "inlet/fault.hpp"
#include "inlet/options.hpp"
#include "inlet/response.hpp"
#include "inlet/traffic_log.hpp"

namespace aep::inlet {

/// The inlet's job: messages in, an answer out. Confined to the inlet's thread; its parsers and buffers are
/// used for every request.
class Collection {
  public:
    Collection(const InletOptions& options, FaultControl& fault, Entities& entities, Counters& counters,
               TrafficLog& traffic);
    ~Collection();
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;

    struct Call {
        std::string_view inlet_id;
        /// Unread bytes follow in memory, at least simdjson's padding (64).
        std::string_view body;
        bool raw = false;                          ///< messages are bare JSON objects
        const FaultControl::Plan* plan = nullptr;  ///< never null in a call
    };
    [[nodiscard]] Response take_one(const Call& call);
    [[nodiscard]] Response take_batch(const Call& call);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::inlet
