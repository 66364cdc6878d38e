#include "app/proofs.hpp"

#include <fmt/format.h>

#include <utility>

namespace aep::app {

Proofs load_proofs(const config::Config& config) {
    Proofs proofs;
    for (const pipeline::StreamOptions& stream : config.streams) {
        xdm::LoadedProof loaded = xdm::load_proof(stream.proof, stream.envelope);
        const auto tell = [&stream](const xdm::SchemaProblem& problem) {
            return fmt::format("{} (stream '{}')", problem.line(), stream.id);
        };
        for (const xdm::SchemaProblem& error : loaded.errors) proofs.errors.push_back(tell(error));
        for (const xdm::SchemaProblem& warning : loaded.warnings) proofs.warnings.push_back(tell(warning));
        proofs.by_stream[stream.id] = std::move(loaded.proof);
    }
    return proofs;
}

}  // namespace aep::app
