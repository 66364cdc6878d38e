#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "source/file_reader.hpp"
#include "source/gzip_stream.hpp"

namespace aep::source {

/// Reads a gzip file. Positions count the bytes that it holds, uncompressed. There is no way to begin in the
/// middle of one: what was read before is unpacked again and passed over, if the last of it is what it was.
/// Between the end and a change of the file it holds nothing.
class GzipReader final : public FileReader {
  public:
    GzipReader(ReaderContext& context, const FoundFile& file, Beginning beginning);

    [[nodiscard]] Step read(const std::stop_token& stop) override;
    [[nodiscard]] bool complete() const override { return ended_; }
    [[nodiscard]] bool has_changed(const FoundFile& file) const override;
    void expect_change() override { ended_ = false; }
    void pass_over() override { ended_ = true; }
    void go_to(std::uint64_t position, std::shared_ptr<record::Ledger> ledger) override;

  private:
    [[nodiscard]] Step begin_stream(int fd);
    [[nodiscard]] Step skip(int fd, const std::stop_token& stop);
    [[nodiscard]] Step read_block(int fd, const std::stop_token& stop);
    [[nodiscard]] Step wait_or_fail();
    [[nodiscard]] bool is_what_was_read(std::string_view unpacked);
    [[nodiscard]] Step replaced();
    void keep(std::string_view bytes);
    void close_stream();
    [[nodiscard]] std::uint64_t packed_left() const;

    std::uint64_t packed_size_;  ///< of the file itself
    std::unique_ptr<GzipStream> stream_;
    std::uint64_t unpacked_ = 0;  ///< how much has come out of stream_
    std::string passed_;          ///< the last of it, while it is passed over
    std::string rest_;            ///< the last of it: what lies behind framer_.resume_at()
    record::Lease rest_lease_;
    bool ended_ = false;
};

}  // namespace aep::source
