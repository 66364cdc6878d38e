#include "record/block.hpp"

#include <cstring>
#include <utility>

namespace aep::record {

Block::Block(OriginPtr from, std::size_t capacity, Lease paid)
    : origin{std::move(from)}, lease{std::move(paid)}, bytes_{capacity + kBlockPadding} {
    // The padding behind the contents is read (and its contents ignored) by the parser: defined bytes keep
    // memory checkers quiet.
    std::memset(bytes_.data() + this->capacity(), 0, kBlockPadding);
}

}  // namespace aep::record
