#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace aep::xdm {

/// Tells the readers of all agents apart in generated ids: a hash of agent id, source id and generation.
struct IdSeed {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

[[nodiscard]] IdSeed make_id_seed(std::string_view agent_id, std::string_view source_id,
                                  std::string_view generation);

/// 32 lower-case hex digits.
using HexId = std::array<char, 32>;

/// `content_hash`: 128 bits over the reader's seed, the record's position and its bytes. The same record read
/// again has the same id, two records never do (also not two equal ones, because their positions differ).
[[nodiscard]] HexId content_hash(const IdSeed& seed, std::uint64_t position, std::string_view bytes);

/// 128 bits of `bytes` as hex.
[[nodiscard]] HexId hash_hex(std::string_view bytes);

}  // namespace aep::xdm
