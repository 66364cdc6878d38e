#pragma once

#include <cstddef>
#include <utility>

namespace aep::record {

/// The bytes of a Block or a Batch: uninitialised, owned, movable. Confined, like what it belongs to.
///
/// Buffers of 64 KiB and more come and go thousands of times a second. The C library either maps and unmaps
/// each of them, and the kernel's work for fresh pages costs as much as decoding and rendering, or keeps them
/// in a heap that their different sizes tear into holes. So large buffers are mapped here, and the newest few
/// that were given back (kMostKept bytes at most) wait for the next one of their size. That cache is guarded
/// by a mutex of its own.
class Buffer {
  public:
    /// What given back buffers may hold in all, beyond what is in use.
    static constexpr std::size_t kMostKept = std::size_t{4} << 20U;
    /// Lets them hold what suits a process of this `memory_limit`, for all buffers from now on. Returns how
    /// much that is, in bytes.
    static std::size_t keep_for(std::size_t memory_limit);

    Buffer() = default;
    /// At least `capacity` bytes. Throws std::bad_alloc.
    explicit Buffer(std::size_t capacity);
    ~Buffer() { release(); }
    Buffer(Buffer&& other) noexcept
        : data_{std::exchange(other.data_, nullptr)}, capacity_{std::exchange(other.capacity_, 0)} {}
    Buffer& operator=(Buffer&& other) noexcept {
        if (this != &other) {
            release();
            data_ = std::exchange(other.data_, nullptr);
            capacity_ = std::exchange(other.capacity_, 0);
        }
        return *this;
    }

    [[nodiscard]] char* data() { return data_; }
    [[nodiscard]] const char* data() const { return data_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

  private:
    void release() noexcept;

    char* data_ = nullptr;
    std::size_t capacity_ = 0;
};

}  // namespace aep::record
