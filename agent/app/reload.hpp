#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/proofs.hpp"
#include "app/stages.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

namespace aep::app {

/// Takes another configuration over while the agent runs (SIGHUP). Parts are matched by id.
///
/// - Everything that can fail comes first, while the old configuration works on; then nothing fails any more.
///   An error leaves all as it was.
/// - Sources that go on are only told where their Blocks go now; files are found by the new globs and read on
///   where they were. A socket with other options is closed, after what has arrived was read, and opened
///   anew.
/// - The pipeline is made anew: the old one works off what it has, and nothing overtakes it.
/// - A changed destination keeps its batches, and sends them by the new options.
/// - A destination that is gone gives records of files back: their positions have not moved, and they are
///   read again when their stream leads elsewhere, or their source comes back. Its disk buffer stays as it
///   is. Records that are only in memory would be lost: then the reload is refused.
///
/// Nothing here waits for the network. One object, one reload.
class Reload {
  public:
    Reload(Stages& stages, const config::Config& next) : stages_{stages}, next_{next} {}

    /// On success, a line about what has changed.
    [[nodiscard]] base::Result<std::string> run();

  private:
    using Sources = std::map<std::string, std::unique_ptr<source::Source>>;

    // What is to be done, found by comparing. In reload.cpp.
    void compare_sources();
    void compare_destinations();
    [[nodiscard]] bool feeds_removed(const config::Source& source) const;
    [[nodiscard]] std::string summary() const;

    // What can fail, and changes nothing. In reload_prepare.cpp.
    [[nodiscard]] base::Result<void> prepare();
    [[nodiscard]] base::Result<void> refuse_what_takes_a_restart() const;
    [[nodiscard]] base::Result<void> refuse_changes_of_stdin() const;
    [[nodiscard]] base::Result<void> refuse_to_lose_records();
    [[nodiscard]] base::Result<void> refuse_to_lose_files() const;
    [[nodiscard]] base::Result<void> prepare_tokens();
    [[nodiscard]] base::Result<void> prepare_destinations();
    [[nodiscard]] base::Result<void> prepare_sources();
    [[nodiscard]] bool needs_its_place(const config::Source& source) const;
    void undo();

    // Taking over. In reload.cpp.
    [[nodiscard]] base::Result<void> replace_pipeline();
    [[nodiscard]] base::Result<void> look_for_what_would_be_lost(const std::vector<record::BlockPtr>& held);
    void note_feeds();
    void pass_on(std::vector<record::BlockPtr> held);
    void stop_sources();
    void start_sources_again();
    void change_destinations();
    void remove_destinations();
    void leave_buffer(const std::string& id, std::unique_ptr<delivery::DiskBuffer> buffer);
    void change_sources();
    void replace_source(const config::Source& source);

    [[nodiscard]] static const config::Source* find(const config::Config& config, const std::string& id);
    [[nodiscard]] static const config::Destination* find_destination(const config::Config& config,
                                                                     const std::string& id);

    Stages& stages_;
    const config::Config& next_;

    std::vector<std::string> removed_sources_;
    std::vector<std::string> added_sources_;
    std::vector<std::string> changed_files_;    ///< read on with other options
    std::vector<std::string> changed_sockets_;  ///< opened anew
    std::vector<std::string> rewound_;          ///< files whose destination is gone
    std::vector<std::string> removed_destinations_;
    std::vector<std::string> added_destinations_;
    std::vector<std::string> changed_destinations_;

    Proofs proofs_;
    std::map<std::string, std::shared_ptr<http::TokenProvider>> tokens_;
    std::map<std::string, std::shared_ptr<delivery::Link>> links_;
    std::map<std::string, std::unique_ptr<delivery::Destination>> destinations_;
    std::map<std::string, std::unique_ptr<delivery::DiskBuffer>> buffers_;
    Sources sources_;
    std::vector<std::string> stopped_;  ///< sources that were stopped for it
};

}  // namespace aep::app
