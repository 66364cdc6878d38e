#include "base/bytes.hpp"
#include "config/sections.hpp"

namespace aep::config {

using base::operator""_MiB;
using base::operator""_GiB;

store::DeadLetterOptions read_dead_letter(MapReader dead_letter, const std::filesystem::path& state_dir) {
    store::DeadLetterOptions options;
    // Unlike other paths: the directory is state, not configuration.
    std::string dir = options.dir.string();
    if (const Value* given = dead_letter.scalar("dir"); given != nullptr && !given->text.empty())
        dir = given->text;
    options.dir = (state_dir / dir).lexically_normal();
    dead_letter.shown().add("dir", options.dir.string(), dead_letter.find("dir"));
    std::size_t max_bytes = options.max_bytes;
    dead_letter.size("max_bytes", max_bytes, {1_MiB, 1024 * 1024_GiB});
    options.max_bytes = max_bytes;
    dead_letter.later("when_full", {"hold"});
    dead_letter.finish();
    return options;
}

}  // namespace aep::config
