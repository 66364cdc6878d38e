#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/stored_batch.hpp"

/// The disk buffers of an agent for those who look after it (`aep-agent buffer`).
namespace aep::store {

/// One batch that waits.
struct ListedBatch {
    BatchKey key;
    std::uint64_t bytes = 0;  ///< on disk
    BatchHead head;
    std::string damage;      ///< what is wrong, empty where nothing is known to be
    std::string_view value;  ///< until the visitor returns
};

/// Shows every batch, oldest first, by destination; also beside a running agent. Nothing where there is no
/// store.
[[nodiscard]] base::Result<void> visit_buffers(const std::filesystem::path& state_dir,
                                               const std::function<void(const ListedBatch&)>& visitor);

/// The body, checked. Fails where it is damaged.
[[nodiscard]] base::Result<std::string> body_of(const ListedBatch& batch);

}  // namespace aep::store
