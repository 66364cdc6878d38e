#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "record/buffer.hpp"

namespace aep::source {

/// Room for the datagrams of one recvmmsg(): as many as it may bring, each of any size up to `slot` bytes.
/// The room is address space; only what datagrams have filled takes memory. Confined.
class DatagramBatch {
  public:
    static constexpr std::size_t kMost = 64;

    /// Of a longer datagram the first `slot` bytes are kept.
    explicit DatagramBatch(std::size_t slot);

    /// How many datagrams one receive() takes at most.
    [[nodiscard]] std::size_t most() const { return count_; }
    /// Takes what is there. The number of datagrams; 0: none now; -1 with errno.
    [[nodiscard]] int receive(int fd);

    [[nodiscard]] std::string_view bytes(std::size_t index) const;
    /// As it was sent.
    [[nodiscard]] std::size_t true_size(std::size_t index) const { return headers_[index].msg_len; }
    [[nodiscard]] bool same_sender(std::size_t a, std::size_t b) const;
    [[nodiscard]] std::string sender(std::size_t index) const;

  private:
    struct Sender {
        sockaddr_storage address;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control;
    };

    [[nodiscard]] const ucred* process_of(std::size_t index) const;

    const std::size_t slot_;
    const std::size_t count_;
    record::Buffer bytes_;
    std::vector<Sender> senders_;
    std::vector<iovec> vectors_;
    std::vector<mmsghdr> headers_;
};

}  // namespace aep::source
