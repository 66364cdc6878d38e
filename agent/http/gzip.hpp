#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace aep::http {

/// Packs request bodies (RFC 1952) as fast as zlib can. Holds about 256 KiB. Confined.
class Gzip {
  public:
    Gzip();
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    [[nodiscard]] std::string pack(std::string_view text);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace aep::http
