#pragma once

#include <cstddef>

namespace aep::codec {

/// How the bytes of one record become JSON.
struct CodecOptions {
    enum class Type {
        Ndjson,  ///< one JSON object a line
        Json,    ///< JSON values one after the other, over any number of lines; the elements of a top-level
                 ///< array
    };
    Type type = Type::Ndjson;
    std::size_t max_depth = 128;  ///< arrays and objects within each other; an empty one adds no level
};

}  // namespace aep::codec
