#include "config/find_files.hpp"

#include <algorithm>
#include <memory>
#include <set>

namespace aep::config {
namespace {

namespace fs = std::filesystem;

Problem problem_of(const fs::path& path, std::string text, std::string suggestion) {
    return {{std::make_shared<const File>(File{path.string(), {}, 0}), 0, 0},
            std::move(text),
            std::move(suggestion)};
}

bool is_configuration(const fs::directory_entry& entry) {
    std::error_code ignored;
    const std::string name = entry.path().filename().string();
    return name.ends_with(".yaml") && !name.starts_with('.') && entry.is_regular_file(ignored);
}

void add_directory(const fs::path& directory, std::vector<fs::path>& files, Problems& problems) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator entry{directory, error}; !error && entry != fs::directory_iterator{};
         entry.increment(error)) {
        if (is_configuration(*entry)) found.push_back(entry->path());
    }
    if (error) {
        problems.push_back(problem_of(directory, "cannot list the directory: " + error.message(), {}));
    } else if (found.empty()) {
        problems.push_back(
            problem_of(directory, "the directory holds no *.yaml file", "add one, or name a file"));
    }
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
}

}  // namespace

std::vector<fs::path> find_files(const std::vector<fs::path>& arguments, Problems& problems) {
    std::vector<fs::path> files;
    for (const fs::path& argument : arguments) {
        std::error_code error;
        const fs::file_status status = fs::status(argument, error);
        if (!fs::exists(status)) {
            problems.push_back(
                problem_of(argument, "cannot find it: " + error.message(), "check the path given to -c"));
        } else if (fs::is_directory(status)) {
            add_directory(argument, files, problems);
        } else {
            files.push_back(argument);
        }
    }
    std::set<fs::path> seen;
    for (const fs::path& file : files) {
        std::error_code ignored;
        if (seen.insert(fs::weakly_canonical(file, ignored)).second) continue;
        problems.push_back(problem_of(file, "the file is named twice", "name it once"));
    }
    return files;
}

}  // namespace aep::config
