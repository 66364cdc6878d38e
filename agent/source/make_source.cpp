#include <utility>

#include "source/file_source.hpp"
#include "source/one_shot_source.hpp"
#include "source/source.hpp"
#include "source/stdin_source.hpp"

namespace aep::source {

std::unique_ptr<Source> make_source(const SourceOptions& options, const Surroundings& surroundings,
                                    std::function<void()> on_finished) {
    if (options.type == SourceOptions::Type::Stdin) {
        return std::make_unique<StdinSource>(options, surroundings, std::move(on_finished));
    }
    if (!options.follow) {
        return std::make_unique<OneShotSource>(options, surroundings, std::move(on_finished));
    }
    return std::make_unique<FileSource>(options, surroundings, std::move(on_finished));
}

}  // namespace aep::source
