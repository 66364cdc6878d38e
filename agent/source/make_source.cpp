#include <utility>

#include "source/connection_source.hpp"
#include "source/datagram_source.hpp"
#include "source/file_source.hpp"
#include "source/one_shot_source.hpp"
#include "source/source.hpp"
#include "source/stdin_source.hpp"

namespace aep::source {

using Made = base::Result<std::unique_ptr<Source>>;

Made make_source(const SourceOptions& options, const Surroundings& surroundings,
                 std::function<void()> on_finished) {
    if (options.type == SourceOptions::Type::Stdin) {
        return Made{std::make_unique<StdinSource>(options, surroundings, std::move(on_finished))};
    }
    if (options.type == SourceOptions::Type::Tcp || options.type == SourceOptions::Type::UnixStream) {
        return ConnectionSource::open(options, surroundings);
    }
    if (options.type == SourceOptions::Type::Udp || options.type == SourceOptions::Type::UnixDatagram) {
        return DatagramSource::open(options, surroundings);
    }
    if (!options.follow) {
        return Made{std::make_unique<OneShotSource>(options, surroundings, std::move(on_finished))};
    }
    return Made{std::make_unique<FileSource>(options, surroundings, std::move(on_finished))};
}

}  // namespace aep::source
