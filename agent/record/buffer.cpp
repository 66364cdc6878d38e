#include "record/buffer.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <new>

namespace aep::record {
namespace {

/// From here on a buffer is mapped; below, the C library does well.
constexpr std::size_t kMapped = std::size_t{64} << 10U;
/// Mapped sizes are multiples of this, so that buffers of nearly one size can take each other's place.
constexpr std::size_t kStep = std::size_t{16} << 10U;

/// The mapped buffers that wait for their next use, newest last.
class Cache {
  public:
    /// Null where none of this size waits.
    char* take(std::size_t size) {
        const std::lock_guard lock{mutex_};
        for (std::size_t i = count_; i-- > 0;) {
            if (waiting_[i].size != size) continue;
            char* const found = waiting_[i].data;
            remove(i);
            return found;
        }
        return nullptr;
    }

    void give_back(char* data, std::size_t size) noexcept {
        const std::lock_guard lock{mutex_};
        while (count_ > 0 && (count_ == waiting_.size() || bytes_ + size > most_)) {
            ::munmap(waiting_[0].data, waiting_[0].size);
            remove(0);
        }
        if (size > most_) {
            ::munmap(data, size);
            return;
        }
        waiting_[count_++] = {data, size};
        bytes_ += size;
    }

    void set_most(std::size_t bytes) {
        const std::lock_guard lock{mutex_};
        most_ = bytes;
    }

  private:
    struct Waiting {
        char* data = nullptr;
        std::size_t size = 0;
    };

    void remove(std::size_t index) {
        bytes_ -= waiting_[index].size;
        std::move(waiting_.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                  waiting_.begin() + static_cast<std::ptrdiff_t>(count_),
                  waiting_.begin() + static_cast<std::ptrdiff_t>(index));
        --count_;
    }

    std::mutex mutex_;
    std::array<Waiting, 32> waiting_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::size_t most_ = Buffer::kMostKept;
};

/// Never destroyed: buffers may be given back by objects that outlive main.
Cache& cache() {
    static Cache* const kCache = new Cache;
    return *kCache;
}

char* map(std::size_t size) {
    void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc{};
    return static_cast<char*>(mapped);
}

}  // namespace

std::size_t Buffer::keep_for(std::size_t memory_limit) {
    const std::size_t most = std::min(kMostKept, memory_limit / 8);
    cache().set_most(most);
    return most;
}

Buffer::Buffer(std::size_t capacity) : capacity_{capacity} {
    if (capacity_ < kMapped) {
        data_ = static_cast<char*>(std::malloc(std::max<std::size_t>(capacity_, 1)));
        if (data_ == nullptr) throw std::bad_alloc{};
        return;
    }
    capacity_ = (capacity_ + kStep - 1) / kStep * kStep;
    data_ = cache().take(capacity_);
    if (data_ == nullptr) data_ = map(capacity_);
}

void Buffer::release() noexcept {
    if (data_ == nullptr) return;
    if (capacity_ < kMapped) {
        std::free(data_);
    } else {
        cache().give_back(data_, capacity_);
    }
}

}  // namespace aep::record
