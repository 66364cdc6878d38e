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

std::string RequestHead::render(const record::StreamInfo& stream, std::size_t body_bytes, Coding coding,
                                const http::Token* token) const {
    constexpr std::size_t kVariable = 192;  // Content-Length, x-adobe-flow-id, Content-Encoding
    std::string head;
    head.reserve(constant_.size() + kVariable + (token == nullptr ? 0 : token->authorization.size()));
    head += constant_;
    head += std::to_string(body_bytes);
    if (coding == Coding::Gzip) head += "\r\nContent-Encoding: gzip";
    if (!stream.flow_id.empty()) head.append("\r\nx-adobe-flow-id: ").append(stream.flow_id);
    if (token != nullptr) head.append("\r\nAuthorization: ").append(token->authorization);
    head += "\r\n\r\n";
    return head;
}

}  // namespace aep::delivery
