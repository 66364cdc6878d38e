#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace aep::store::testing_support {

namespace fs = std::filesystem;

/// A new directory, removed with all that is in it.
class TempDir {
  public:
    TempDir() {
        std::string name = (fs::temp_directory_path() / "aep-store-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make " + name};
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

/// No file may grow above `bytes`: a write is cut short there, the next one fails. A disk that is full, for
/// everybody.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limited{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limited);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit before_{};
};

inline std::string content_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

inline std::vector<std::string> lines_of(const fs::path& file) {
    std::istringstream in{content_of(file)};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// By the number at the end of their names, which counts up within a second; earlier seconds first.
inline std::vector<fs::path> files_in(const fs::path& directory) {
    std::map<std::pair<std::string, int>, fs::path> sorted;
    for (const auto& entry : fs::directory_iterator{directory}) {
        const std::string stem = entry.path().stem().string();
        const std::size_t dash = stem.rfind('-');
        sorted.emplace(std::pair{stem.substr(0, dash), std::atoi(stem.c_str() + dash + 1)}, entry.path());
    }
    std::vector<fs::path> files;
    for (const auto& [key, file] : sorted) files.push_back(file);
    return files;
}

inline std::vector<std::string> lines_in(const fs::path& directory) {
    std::vector<std::string> all;
    for (const fs::path& file : files_in(directory)) {
        for (std::string& line : lines_of(file)) all.push_back(std::move(line));
    }
    return all;
}

}  // namespace aep::store::testing_support
