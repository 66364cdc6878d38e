#include "store/readable.hpp"

#include <system_error>

namespace aep::store {

namespace fs = std::filesystem;

base::Result<> check_readable(const fs::path& directory) {
    std::error_code error;
    const fs::directory_iterator entries{directory, error};
    if (!error || error == std::errc::no_such_file_or_directory) return {};
    base::Error failure = base::system_error("cannot look into " + directory.string(), error.value());
    if (error == std::errc::permission_denied) {
        failure.message += "; be the user that the agent runs as, or root";
    }
    return failure;
}

}  // namespace aep::store
