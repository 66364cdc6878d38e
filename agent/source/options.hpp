#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/duration.hpp"

namespace aep::source {

/// Where one record ends and the next begins. The codec declares it.
enum class Framing {
    Newline,  ///< LF or CRLF
    Json,     ///< the end of a JSON value, outside of strings
};

/// One entry of `sources:`.
struct SourceOptions {
    enum class Type { File, Stdin };
    enum class StartAt { End, Beginning };

    std::string id;
    Type type = Type::File;
    std::string stream;
    Framing framing = Framing::Newline;  ///< filled from the codec
    std::size_t max_record = std::size_t{1} << 20U;
    base::Millis gather{5};  ///< a woken source waits this long before it reads

    // type: file
    std::vector<std::string> include;  ///< globs
    std::vector<std::string> exclude;  ///< globs, matched against the whole path, and against the file name
                                       ///< where they have no slash
    StartAt start_at = StartAt::End;   ///< for files that the very first scan finds
    bool follow = true;  ///< false: read to the end once, the last line also without its newline (`send`)
};

}  // namespace aep::source
