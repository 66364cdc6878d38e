#include "config/load.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "config/find_files.hpp"
#include "config/merge.hpp"
#include "config/read_text.hpp"
#include "config/yaml_file.hpp"

namespace aep::config {
namespace {

namespace fs = std::filesystem;

Problem unreadable(const std::shared_ptr<const File>& file, const std::string& reason) {
    Problem problem;
    problem.place.file = file;
    problem.text = reason;
    return problem;
}

std::vector<Value> read_files(const std::vector<fs::path>& paths, Problems& problems) {
    std::vector<Value> roots;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const fs::path directory = fs::absolute(paths[i]).parent_path();
        const auto file = std::make_shared<const File>(File{paths[i].string(), directory, i});
        const base::Result<std::string> text = read_text(paths[i], kMaxFileBytes);
        if (!text) {
            problems.push_back(unreadable(file, text.error().message));
        } else if (std::optional<Value> root = parse_yaml(*text, file, problems)) {
            roots.push_back(std::move(*root));
        }
    }
    return roots;
}

LoadOutcome failed(Problems problems) {
    LoadOutcome outcome;
    sort(problems);
    outcome.problems = std::move(problems);
    return outcome;
}

}  // namespace

LoadOutcome load(const std::vector<fs::path>& paths, const LoadOptions& options) {
    Problems problems;
    const std::vector<fs::path> files = find_files(paths, problems);
    if (files.size() > kMaxFiles) {
        problems.push_back(
            {{}, fmt::format("more than {} configuration files", kMaxFiles), "join some of them"});
    }
    if (files.empty() && problems.empty())
        problems.push_back({{}, "no configuration is given", "name one: -c FILE"});
    if (!problems.empty()) return failed(std::move(problems));
    std::vector<Value> roots = read_files(files, problems);
    // With a file missing, everything that it defines would be reported as missing too.
    if (roots.size() < files.size()) return failed(std::move(problems));
    Value root = merge(std::move(roots), problems);
    return load_value(std::move(root), std::move(problems), options);
}

LoadOutcome load_value(Value root, Problems problems, const LoadOptions& options) {
    LoadOutcome outcome;
    Context context;
    context.problems = std::move(problems);
    substitute(root, options.environment, context.problems);
    Config config = read_config(root, options.sources, outcome.effective, context);
    sort(context.problems);
    sort(context.warnings);
    outcome.problems = std::move(context.problems);
    outcome.warnings = std::move(context.warnings);
    if (outcome.problems.empty()) outcome.config = std::move(config);
    return outcome;
}

}  // namespace aep::config
