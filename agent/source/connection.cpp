#include "source/connection.hpp"

#include <algorithm>
#include <utility>

namespace aep::source {
namespace {

std::shared_ptr<ReaderState> new_state(std::string peer, const Intake& intake, Readers& readers) {
    auto state = std::make_shared<ReaderState>(intake.open_stream(std::move(peer), true));
    readers.add(state);
    return state;
}

bool leaves_a_record(Connection::End end) {
    return end == Connection::End::Closed || end == Connection::End::Idle;
}

}  // namespace

Connection::Connection(PeerSocket socket, std::string peer, const SourceOptions& options, Intake& intake,
                       Readers& readers, base::SteadyTime now)
    : socket_{std::move(socket)},
      intake_{intake},
      reader_{options, intake, new_state(std::move(peer), intake, readers)},
      read_{
          [this](char* bytes, std::size_t size, std::size_t& got) { return socket_.read(bytes, size, got); }},
      last_read_{now} {}

Connection::Step Connection::read(std::size_t most, base::SteadyTime now, const std::stop_token& stop) {
    if (!socket_.is_ready()) return shake_hands(stop);
    if (reader_.more()) return reader_.cut_held(false, stop) ? Step::More : Step::Stopped;
    const std::size_t available = socket_.available();
    if (available == 0) {
        // An end is not worth a Block, nor a wait for one.
        const StreamReader::Outcome outcome = socket_.look();
        if (outcome != StreamReader::Outcome::Data) return after(outcome, stop);
    }
    const std::size_t wanted =
        std::min({std::max(available, StreamReader::kCopiedCarry), intake_.block_bytes(), most});
    const StreamReader::Outcome outcome = reader_.read(wanted, read_, stop);
    if (outcome == StreamReader::Outcome::Data) {
        last_read_ = now;
        reader_.state().size = reader_.framer().scanned();
    }
    return after(outcome, stop);
}

Connection::Step Connection::shake_hands(const std::stop_token& stop) {
    const PeerSocket::Outcome outcome = socket_.shake_hands();
    if (outcome == PeerSocket::Outcome::Nothing) return Step::Nothing;
    // With the end of the handshake, the first bytes may have come already.
    if (outcome == PeerSocket::Outcome::Data) return Step::More;
    conclude(End::Handshake, stop);
    return Step::Ended;
}

Connection::Step Connection::after(StreamReader::Outcome outcome, const std::stop_token& stop) {
    switch (outcome) {
        case StreamReader::Outcome::Data:
            break;
        case StreamReader::Outcome::Nothing:
            return Step::Nothing;
        case StreamReader::Outcome::Stop:
            return Step::Stopped;
        case StreamReader::Outcome::End:
            conclude(End::Closed, stop);
            return Step::Ended;
        case StreamReader::Outcome::Broken:
            conclude(End::Broken, stop);
            return Step::Ended;
    }
    if (reader_.framer().broken()) {
        conclude(End::BadFrame, stop);
        return Step::Ended;
    }
    return reader_.more() || socket_.holds_bytes() ? Step::More : Step::Read;
}

void Connection::conclude(End end, const std::stop_token& stop) {
    end_ = end;
    while (reader_.more() && reader_.cut_held(false, stop)) {
    }
    if (leaves_a_record(end)) (void)reader_.finish(stop);
}

std::uint64_t Connection::lost() const {
    // The second is what is skipped of a record above max_record.
    return reader_.held() + (reader_.framer().resume_at() - reader_.framer().yielded_to());
}

std::string_view word_for(Connection::End end) {
    switch (end) {
        case Connection::End::Closed:
            return "closed";
        case Connection::End::Broken:
            return "broken";
        case Connection::End::Handshake:
            return "handshake";
        case Connection::End::BadFrame:
            return "bad_frame";
        case Connection::End::Idle:
            return "idle";
        case Connection::End::Stalled:
            return "stalled";
        case Connection::End::Stopped:
            return "stopped";
    }
    return "?";
}

}  // namespace aep::source
