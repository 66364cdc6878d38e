#pragma once

#include <boost/beast/http/verb.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "inlet/collection.hpp"
#include "inlet/counters.hpp"
#include "inlet/entities.hpp"
#include "inlet/fault.hpp"
#include "inlet/options.hpp"
#include "inlet/rate_limit.hpp"
#include "inlet/response.hpp"
#include "inlet/target.hpp"
#include "inlet/tokens.hpp"
#include "inlet/traffic_log.hpp"

namespace aep::inlet {

/// A request, read in full.
struct Request {
    boost::beast::http::verb method = boost::beast::http::verb::unknown;
    std::string target;
    std::string content_type;
    std::string content_encoding;
    std::string flow_id;  ///< x-adobe-flow-id
    std::string authorization;
    bool too_large = false;  ///< the body was above max_request and is not here
    std::string_view body;   ///< 64 readable bytes follow it
};

/// Which path does what. Confined to the inlet's thread.
class Service {
  public:
    Service(const InletOptions& options, FaultControl& fault, Entities& entities, Counters& counters,
            TrafficLog& traffic);

    struct Outcome {
        Response response;
        FaultControl::Plan plan;  ///< what is done to the answer
    };
    /// A request's head has come: what is planned for it. Only collection requests are ever at fault.
    [[nodiscard]] FaultControl::Plan plan(std::string_view target);
    /// The request is here in full.
    [[nodiscard]] Outcome handle(const Request& request, const FaultControl::Plan& plan);

    [[nodiscard]] const InletOptions& options() const { return options_; }

  private:
    [[nodiscard]] Response handle_collection(const Request& request, const Target& target,
                                             const CollectionPath& path, const FaultControl::Plan& plan);
    [[nodiscard]] Response collect(const Request& request, const Target& target, const CollectionPath& path,
                                   const FaultControl::Plan& plan);
    [[nodiscard]] Outcome give_token(const Request& request);
    [[nodiscard]] Response control_tokens(const Request& request);
    [[nodiscard]] Response control(const Request& request, const Target& target);
    [[nodiscard]] Response control_fault(const Request& request);
    [[nodiscard]] Response find_entities(const Target& target) const;
    [[nodiscard]] Response stats() const;

    const InletOptions& options_;
    FaultControl& fault_;
    Entities& entities_;
    Counters& counters_;
    TrafficLog& traffic_;
    RateLimit limit_;
    Collection collection_;
    Tokens tokens_;
};

}  // namespace aep::inlet
