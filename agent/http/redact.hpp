#pragma once

#include <string>
#include <string_view>

namespace aep::http {

/// Replaces every occurrence of `secret` in what a peer says, should it repeat what it was sent. An empty
/// secret is none.
void redact(std::string& words, std::string_view secret);

}  // namespace aep::http
