#include "http/redact.hpp"

namespace aep::http {

void redact(std::string& words, std::string_view secret) {
    constexpr std::string_view kHidden = "***";
    if (secret.empty()) return;
    for (std::size_t at = 0; (at = words.find(secret, at)) != std::string::npos; at += kHidden.size()) {
        words.replace(at, secret.size(), kHidden);
    }
}

}  // namespace aep::http
