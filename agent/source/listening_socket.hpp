#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "source/descriptor.hpp"
#include "source/options.hpp"

namespace aep::source {

/// The socket that a source listens at, bound and non-blocking. Owns a unix socket's file: it is removed
/// with the object, unless someone has put another in its place. Confined.
class ListeningSocket {
  public:
    /// What `options` ask for. The errors name the source, the address or path, and what to do.
    ///
    /// The file of a unix socket that nobody listens at any more (what a killed process leaves) is replaced;
    /// any other file is an error.
    [[nodiscard]] static base::Result<ListeningSocket> open(const SourceOptions& options);

    ListeningSocket(ListeningSocket&& other) noexcept = default;
    ListeningSocket& operator=(ListeningSocket&& other) = delete;
    ~ListeningSocket() { close(); }

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] bool is_open() const { return fd_.is_open(); }
    /// "127.0.0.1:5170" with the port that it really has, or the path.
    [[nodiscard]] const std::string& address() const { return address_; }
    void close();

  private:
    ListeningSocket(Descriptor fd, std::string address) : fd_{std::move(fd)}, address_{std::move(address)} {}

    [[nodiscard]] static base::Result<ListeningSocket> open_ip(const SourceOptions& options);
    [[nodiscard]] static base::Result<ListeningSocket> open_unix(const SourceOptions& options);

    /// Which file it is that path_ names.
    struct FileIdentity {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
    };

    Descriptor fd_;
    std::string address_;
    std::filesystem::path path_;  ///< of a unix socket
    FileIdentity file_;
};

}  // namespace aep::source
