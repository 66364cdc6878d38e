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
/// - Everything that can fail comes first, while the old configuration works on. Whether records would be
///   lost can only be seen when nothing moves: this is the last step that can fail. An error leaves all as it
///   was.
/// - Sources that go on are only told where their Blocks go now; files are found by the new globs and read on
///   where they were. A socket with other options is closed, after what has arrived was read, and opened
///   anew.
/// - The pipeline is made anew: the old one works off what it has, and nothing overtakes it.
/// - A changed destination keeps its batches, and sends them by the new options.
/// - A destination that is gone gives records of files back: their positions have not moved, and they are
///   read again when their stream leads elsewhere, or their source comes back. Its disk buffer stays as it
///   is. Records that are only in memory would be lost: then the reload is refused.
/// - A file source that is gone is parked until its records are settled, so that it goes on where it was if
///   it comes back meanwhile.
///
/// Nothing here waits for the network. One object, one reload.
class Reload {
  public:
    Reload(Stages& stages, const config::Config& next)
        : stages_{stages}, before_{stages.config}, next_{next} {}

    /// On success, a line about what has changed.
    [[nodiscard]] base::Result<std::string> run();

  private:
    using Ids = std::vector<std::string>;

    // What is to be done, found by comparing. In reload.cpp.
    void compare_sources();
    void compare_destinations();
    [[nodiscard]] bool feeds_removed(const config::Source& source) const;
    [[nodiscard]] std::string summary() const;

    // What can fail, and changes nothing. In reload_prepare.cpp.
    [[nodiscard]] base::Result<void> prepare();
    [[nodiscard]] base::Result<void> refuse_what_takes_a_restart();
    [[nodiscard]] base::Result<void> refuse_changes_of_stdin();
    [[nodiscard]] base::Result<void> prepare_tokens();
    [[nodiscard]] base::Result<void> prepare_destinations();
    [[nodiscard]] base::Result<void> prepare_sources();
    [[nodiscard]] bool needs_a_place(const config::Source& source) const;
    void undo();

    // Whether records would be lost. In reload_losses.cpp.
    [[nodiscard]] base::Result<void> refuse_to_lose_sockets();
    [[nodiscard]] base::Result<void> look_for_losses(const std::vector<record::BlockPtr>& held);
    [[nodiscard]] base::Result<void> store_buffered();
    [[nodiscard]] base::Result<void> plan_rewinds();
    [[nodiscard]] base::Result<void> plan_rewind(const std::string& source, const std::string& destination,
                                                 std::uint64_t messages);
    [[nodiscard]] base::Result<void> refuse_to_tell_apart(const std::string& source);
    [[nodiscard]] bool leads_on(const std::string& source) const;
    [[nodiscard]] base::Result<void> plan_for_held(const std::vector<record::BlockPtr>& held);
    [[nodiscard]] source::Source* stopped_file(const std::string& id) const;

    // Taking over. In reload.cpp.
    void stop_first();
    void start_again();
    [[nodiscard]] base::Result<void> replace_pipeline();
    [[nodiscard]] record::BlockSink& switch_pipeline(base::Result<void>& looked,
                                                     std::unique_ptr<pipeline::Pipeline>& old);
    void take_over(const std::vector<record::BlockPtr>& held);
    void pass_on(std::vector<record::BlockPtr> held);
    void change_destinations();
    void remove_destinations();
    void leave_buffer(const std::string& id, std::unique_ptr<delivery::DiskBuffer> buffer);
    void change_sources();
    void stop_rest();
    void park_removed();
    void open_source(const config::Source& source);
    void start_source(const std::string& id, std::unique_ptr<source::Source> source);

    [[nodiscard]] static const config::Source* find(const config::Config& config, const std::string& id);
    [[nodiscard]] static const config::Destination* find_destination(const config::Config& config,
                                                                     const std::string& id);
    [[nodiscard]] static bool contains(const Ids& ids, const std::string& id);

    Stages& stages_;
    const config::Config before_;
    const config::Config& next_;

    Ids removed_sources_;
    Ids added_sources_;
    Ids changed_files_;    ///< read on with other options
    Ids changed_sockets_;  ///< opened anew
    Ids removed_destinations_;
    Ids added_destinations_;
    Ids changed_destinations_;

    Proofs proofs_;
    std::map<std::string, std::shared_ptr<http::TokenProvider>> tokens_;
    std::map<std::string, std::shared_ptr<delivery::Link>> links_;
    std::map<std::string, std::unique_ptr<delivery::Destination>> destinations_;
    std::map<std::string, std::unique_ptr<delivery::DiskBuffer>> buffers_;
    std::map<std::string, std::unique_ptr<source::Source>> sources_;
    Ids stopped_;  ///< sources that were stopped for it
    Ids rewound_;  ///< files that read their unsettled records again
};

}  // namespace aep::app
