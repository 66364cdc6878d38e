#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "delivery/options.hpp"
#include "http/answer.hpp"
#include "http/gzip.hpp"

namespace aep::delivery {

/// `compression:` of one destination. AEP documents none for requests (streaming ingestion, section 3), so an
/// inlet that refuses a packed request gets the same one in plain at once; where that shows that the packing
/// was to blame it ends, for as long as the process runs. Confined.
class Compression {
  public:
    explicit Compression(const DestinationOptions& options);

    [[nodiscard]] bool is_on() const { return gzip_ != nullptr; }
    [[nodiscard]] std::string pack(std::string_view body) { return gzip_->pack(body); }

    /// Whether this answer to a packed request may be because it was packed (400, 415).
    [[nodiscard]] static bool may_refuse(const http::Answer& packed);
    /// The answers to one request, packed and plain.
    void learn(const http::Answer& packed, const http::Answer& plain);

  private:
    const std::string destination_;
    std::unique_ptr<http::Gzip> gzip_;
};

}  // namespace aep::delivery
