#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "delivery/options.hpp"
#include "http/token_keeper.hpp"
#include "http/url.hpp"
#include "record/batch.hpp"

namespace aep::delivery {

/// Renders the head of batch requests to one inlet (streaming ingestion, sections 2, 3 and 5). Immutable.
class RequestHead {
  public:
    RequestHead(const http::Url& inlet, const std::vector<std::pair<std::string, std::string>>& headers);

    /// `token` may be null.
    [[nodiscard]] std::string render(const record::StreamInfo& stream, std::size_t body_bytes, Coding coding,
                                     const http::Token* token) const;

  private:
    std::string constant_;  ///< up to the value of Content-Length
};

}  // namespace aep::delivery
