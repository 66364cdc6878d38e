#include "source/trace.hpp"

#include <algorithm>
#include <array>

#include "source/fingerprint.hpp"
#include "source/read_at.hpp"

namespace aep::source {
namespace {

base::Result<bool> holds_at(int fd, const record::Fingerprint& fingerprint, std::uint64_t position) {
    std::array<char, kFingerprintBytes> bytes;
    const base::Result<std::size_t> got = read_at(fd, bytes.data(), fingerprint.size, position);
    if (!got) return got.error();
    return *got == fingerprint.size && fingerprint_of({bytes.data(), *got}) == fingerprint;
}

}  // namespace

void Trace::extend(std::string_view bytes, std::uint64_t new_end) {
    if (bytes.empty()) return;
    tail = fingerprint_of(bytes.substr(bytes.size() - std::min(bytes.size(), kFingerprintBytes)));
    end = new_end;
}

base::Result<bool> holds(int fd, const Trace& trace) {
    if (trace.end == 0 || trace.head.size == 0) return false;
    base::Result<bool> head = holds_at(fd, trace.head, 0);
    if (!head || !*head) return head;
    return holds_at(fd, trace.tail, trace.end - trace.tail.size);
}

}  // namespace aep::source
