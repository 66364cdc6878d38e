#include "app/rejected_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace aep::app {
namespace {

namespace fs = std::filesystem;

base::Error unusable(const fs::path& file, const std::string& why) {
    return base::Error{fmt::format("rejects cannot be kept in {}: {}; name another file with --rejected",
                                   file.string(), why)};
}

}  // namespace

base::Result<> check_rejected_file(const fs::path& file, const std::vector<fs::path>& inputs) {
    std::error_code error;
    if (file == "-") return unusable(file, "standard output is for nothing but data");
    if (fs::is_directory(file, error)) return unusable(file, "it is a directory");
    for (const fs::path& input : inputs) {
        if (fs::equivalent(file, input, error)) return unusable(file, "it is one of the inputs");
    }
    if (::access(file.c_str(), W_OK) == 0) return {};
    if (errno != ENOENT) return unusable(file, std::system_category().message(errno));
    const fs::path directory = file.has_parent_path() ? file.parent_path() : ".";
    if (::access(directory.c_str(), W_OK | X_OK) == 0) return {};
    return unusable(file, std::system_category().message(errno));
}

}  // namespace aep::app
