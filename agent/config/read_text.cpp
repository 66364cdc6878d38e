#include "config/read_text.hpp"

#include <cerrno>
#include <fstream>
#include <utility>

#include "base/bytes.hpp"

namespace aep::config {

base::Result<std::string> read_text(const std::filesystem::path& path, std::size_t limit) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return base::Error{"it is a directory"};
    std::ifstream input{path, std::ios::binary};
    if (!input) return base::system_error("cannot open it", errno);
    std::string text(limit + 1, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (input.bad()) return base::Error{"cannot read it"};
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (text.size() > limit) return base::Error{"it is larger than " + base::format_bytes(limit)};
    return base::Result<std::string>{boost::system::in_place_value, std::move(text)};
}

}  // namespace aep::config
