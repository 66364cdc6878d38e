#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "source/framer.hpp"
#include "source/intake.hpp"
#include "source/readers.hpp"

namespace aep::source {

/// Reads one input that cannot be read twice (a pipe, a connection): cuts its bytes into records, hands them
/// over in Blocks, and holds only the bytes of an incomplete record from one read to the next. Confined to
/// its source's thread.
class StreamReader {
  public:
    enum class Outcome {
        Data,     ///< something was read
        Nothing,  ///< nothing is there now
        End,      ///< the input has ended in good order
        Broken,   ///< it has ended otherwise; the caller's function knows why
        Stop,     ///< asked to stop while waiting for memory; nothing was read
    };
    /// Reads at most `size` bytes to `bytes`; with Data, sets `got`. Not Stop.
    using Read = std::function<Outcome(char* bytes, std::size_t size, std::size_t& got)>;

    /// A shorter incomplete record is copied into the next Block, a longer one only once its end has come.
    static constexpr std::size_t kCopiedCarry = 4096;

    StreamReader(const SourceOptions& options, Intake& intake, std::shared_ptr<ReaderState> state);
    ~StreamReader() { state_->closed = true; }
    StreamReader(const StreamReader&) = delete;
    StreamReader& operator=(const StreamReader&) = delete;

    /// Waits for memory, then reads once, `wanted` bytes at most. Not while more().
    [[nodiscard]] Outcome read(std::size_t wanted, const Read& read, const std::stop_token& stop);

    /// Complete records are held that did not fit into the last Block: cut_held(false) is next.
    [[nodiscard]] bool more() const { return framer_.more(); }
    /// Hands over what is held, without reading. `last`: the input has ended, so an unfinished record is one.
    /// False: asked to stop while waiting for memory.
    [[nodiscard]] bool cut_held(bool last, const std::stop_token& stop);
    /// Hands over the complete records that are held, and with `last` the unfinished one, without waiting for
    /// memory: nobody could read them again. For one input that stops, not for many.
    void cut_at_once(bool last);
    /// At the input's end: hands over all that is held. False as cut_held().
    [[nodiscard]] bool finish(const std::stop_token& stop);

    /// Bytes held, all of an incomplete record unless more().
    [[nodiscard]] std::size_t held() const { return carry_.size(); }
    [[nodiscard]] const Framer& framer() const { return framer_; }
    [[nodiscard]] ReaderState& state() const { return *state_; }

  private:
    [[nodiscard]] Outcome read_block(std::size_t wanted, const Read& read, const std::stop_token& stop);
    [[nodiscard]] Outcome extend_carry(std::size_t wanted, const Read& read, const std::stop_token& stop);
    [[nodiscard]] std::size_t held_capacity() const;
    [[nodiscard]] bool holds_last() const;
    void cut_into(record::BlockPtr block, bool last);
    void cut(record::BlockPtr block, bool last);
    void keep(std::string_view rest);

    Intake& intake_;
    Framer framer_;
    const std::shared_ptr<ReaderState> state_;  ///< shared with Readers
    std::string carry_;                         ///< bytes read from framer_.resume_at() on
    record::Lease carry_lease_;
};

}  // namespace aep::source
