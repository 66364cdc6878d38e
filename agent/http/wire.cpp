#include "http/wire.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <new>

namespace aep::http {
namespace {

constexpr std::size_t kGathered = std::size_t{256} << 10U;

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

Wire::Wire(int descriptor) : descriptor_{descriptor} {
    gathered_.reserve(kGathered);
}

const BIO_METHOD* Wire::method() {
    static const BioMethodPtr kMethod = [] {
        BioMethodPtr made{BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "aep-agent wire")};
        if (!made) throw std::bad_alloc{};
        BIO_meth_set_write_ex(made.get(), &Wire::on_write);
        BIO_meth_set_read_ex(made.get(), &Wire::on_read);
        BIO_meth_set_ctrl(made.get(), &Wire::on_control);
        return made;
    }();
    return kMethod.get();
}

BioPtr Wire::make_bio() {
    BioPtr bio{BIO_new(method())};
    if (!bio) throw std::bad_alloc{};
    BIO_set_data(bio.get(), this);
    BIO_set_init(bio.get(), 1);
    return bio;
}

int Wire::on_write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
    // Never refuses: how much is gathered is bounded by how much the stream encrypts before it sends.
    of(bio).gathered_.insert(of(bio).gathered_.end(), data, data + size);
    *written = size;
    return 1;
}

int Wire::on_read(BIO* bio, char* data, std::size_t size, std::size_t* read) {
    Wire& wire = of(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = 0;
    do {
        got = ::recv(wire.descriptor_, data, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        *read = static_cast<std::size_t>(got);
        return 1;
    }
    *read = 0;
    if (got == 0) {
        wire.ended_ = true;
    } else if (would_block(errno)) {
        BIO_set_retry_read(bio);
    } else {
        wire.last_error_ = errno;
    }
    return 0;
}

long Wire::on_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return of(bio).ended_ ? 1 : 0;
    return 0;
}

Wire::Sent Wire::send() {
    while (has_unsent()) {
        const ssize_t size = ::send(descriptor_, gathered_.data() + sent_, gathered_.size() - sent_,
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size >= 0) {
            sent_ += static_cast<std::size_t>(size);
        } else if (would_block(errno)) {
            return Sent::WouldBlock;
        } else if (errno != EINTR) {
            last_error_ = errno;
            return Sent::Failed;
        }
    }
    gathered_.clear();
    sent_ = 0;
    return Sent::All;
}

}  // namespace aep::http
