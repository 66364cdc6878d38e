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
#include "inlet/response.hpp"
#include "inlet/target.hpp"
#include "inlet/tokens.hpp"

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
    Service(const InletOptions& options, FaultControl& fault, Entities& entities, Counters& counters);

    enum class Fate { Answer, Stall, Drop };
    struct Outcome {
        Response response;
        Fate fate = Fate::Answer;
        std::chrono::milliseconds delay{0};
    };
    [[nodiscard]] Outcome handle(const Request& request);

    [[nodiscard]] const InletOptions& options() const { return options_; }

  private:
    [[nodiscard]] Outcome handle_collection(const Request& request, const Target& target,
                                            const CollectionPath& path);
    [[nodiscard]] Response collect(const Request& request, const Target& target, const CollectionPath& path,
                                   bool short_answer);
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
    Collection collection_;
    Tokens tokens_;
};

}  // namespace aep::inlet
