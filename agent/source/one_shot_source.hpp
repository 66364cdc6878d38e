#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "source/file_reader.hpp"
#include "source/source_base.hpp"

namespace aep::source {

/// Reads files once, one after the other, in the order of the globs, to the end that they have then; a last
/// record without its delimiter is one too. What cannot be read is reported, counted by unreadable(), and
/// left out. The generation is a hash of the file's first 1 KiB: the same file sent again gives the same ids.
class OneShotSource final : public SourceBase {
  public:
    OneShotSource(const SourceOptions& options, const Surroundings& surroundings,
                  std::function<void()> on_finished);
    ~OneShotSource() override { stop(); }

  private:
    using ReaderPtr = std::unique_ptr<FileReader>;

    void run(const std::stop_token& stop) override;
    [[nodiscard]] std::vector<ReaderPtr> find_files();
    [[nodiscard]] ReaderPtr begin(const FoundFile& file);
    [[nodiscard]] bool read_all(FileReader& reader, const std::stop_token& stop);
    void report(const std::string& path, const std::string& error);

    OpenFiles files_;
    ReaderContext context_;
};

}  // namespace aep::source
