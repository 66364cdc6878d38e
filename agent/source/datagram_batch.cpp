#include "source/datagram_batch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "source/peer_name.hpp"

namespace aep::source {
namespace {

constexpr std::size_t kRoom = std::size_t{4} << 20U;

}  // namespace

DatagramBatch::DatagramBatch(std::size_t slot)
    : slot_{slot},
      count_{std::clamp<std::size_t>(kRoom / slot, 1, kMost)},
      bytes_{slot * count_},
      senders_(count_),
      vectors_(count_),
      headers_(count_) {
    for (std::size_t i = 0; i < count_; ++i) {
        vectors_[i] = {.iov_base = bytes_.data() + i * slot_, .iov_len = slot_};
    }
}

int DatagramBatch::receive(int fd) {
    for (std::size_t i = 0; i < count_; ++i) {
        msghdr& header = headers_[i].msg_hdr;
        header = {};
        header.msg_name = &senders_[i].address;
        header.msg_namelen = sizeof senders_[i].address;
        header.msg_iov = &vectors_[i];
        header.msg_iovlen = 1;
        // Room for the sender's process and nothing else: descriptors that someone sends along are refused.
        header.msg_control = senders_[i].control.data();
        header.msg_controllen = senders_[i].control.size();
    }
    const int count =
        ::recvmmsg(fd, headers_.data(), static_cast<unsigned>(count_), MSG_DONTWAIT | MSG_TRUNC, nullptr);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    return count;
}

std::string_view DatagramBatch::bytes(std::size_t index) const {
    return {bytes_.data() + index * slot_, std::min(true_size(index), slot_)};
}

bool DatagramBatch::same_sender(std::size_t a, std::size_t b) const {
    const msghdr& first = headers_[a].msg_hdr;
    const msghdr& second = headers_[b].msg_hdr;
    if (const ucred* process = process_of(a)) {
        const ucred* other = process_of(b);
        return other != nullptr && process->pid == other->pid && process->uid == other->uid;
    }
    return first.msg_namelen == second.msg_namelen &&
           std::memcmp(first.msg_name, second.msg_name, first.msg_namelen) == 0;
}

std::string DatagramBatch::sender(std::size_t index) const {
    if (const ucred* process = process_of(index)) return name_of(*process);
    return name_of(senders_[index].address);
}

/// Only unix sockets tell it.
const ucred* DatagramBatch::process_of(std::size_t index) const {
    const msghdr& header = headers_[index].msg_hdr;
    const cmsghdr* message = CMSG_FIRSTHDR(&header);
    if (message == nullptr || message->cmsg_level != SOL_SOCKET || message->cmsg_type != SCM_CREDENTIALS) {
        return nullptr;
    }
    return reinterpret_cast<const ucred*>(CMSG_DATA(message));
}

}  // namespace aep::source
