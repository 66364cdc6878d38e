#include "delivery/request_head.hpp"

#include <fmt/format.h>

#include "base/version.hpp"

namespace aep::delivery {
RequestHead::RequestHead(const http::Url& inlet,
                         const std::vector<std::pair<std::string, std::string>>& headers)
    : constant_{fmt::format(
          "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: aep-agent/{}\r\nAccept: application/json\r\n"
          "Content-Type: application/json\r\n",
          http::batch_target(inlet.target), inlet.host_header(), base::kVersion)} {
    for (const auto& [name, value] : headers) constant_ += fmt::format("{}: {}\r\n", name, value);
    constant_ += "Content-Length: ";
}

std::string RequestHead::render(const record::Batch& batch) const {
    std::string head = constant_;
    head += std::to_string(batch.body().size());
    if (!batch.stream->flow_id.empty()) head += "\r\nx-adobe-flow-id: " + batch.stream->flow_id;
    head += "\r\n\r\n";
    return head;
}

}  // namespace aep::delivery
