#include "source/framer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace aep::source {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// A byte order mark and a CR are not content: only what is longer than they allow is oversized before its
/// end is known.
constexpr std::size_t kSlack = kByteOrderMark.size() + 1;

std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

/// Many senders of counted frames count a line end too.
std::string_view without_line_end(std::string_view frame) {
    if (!frame.ends_with('\n')) return frame;
    frame.remove_suffix(1);
    return without_return(frame);
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::variant<NewlineScanner, JsonScanner, OctetScanner> scanner_for(Framing framing) {
    switch (framing) {
        case Framing::Json:
            return JsonScanner{};
        case Framing::OctetCounting:
            return OctetScanner{false};
        case Framing::Auto:
            return OctetScanner{true};
        case Framing::Newline:
            break;
    }
    return NewlineScanner{};
}

}  // namespace

Framer::Framer(Framing framing, std::size_t max_record, std::uint64_t position)
    : max_record_{max_record}, scanner_{scanner_for(framing)}, resume_at_{position}, scanned_{position} {}

void Framer::cut(record::Block& block, bool last) {
    std::visit([&](auto& scanner) { cut_with(scanner, block, last); }, scanner_);
    block.end_position = yielded_to();
}

template <class Scanner>
void Framer::cut_with(Scanner& scanner, record::Block& block, bool last) {
    const std::string_view bytes{block.data(), block.size};
    const std::uint64_t base = resume_at_;
    assert(bytes.size() >= partial());
    std::size_t at = partial();
    std::size_t begin = 0;
    more_ = false;
    while (at < bytes.size()) {
        if (!scanner.open()) {
            begin = at = scanner.find_begin(bytes, at);
            if (!scanner.open()) break;
        }
        const std::optional<std::size_t> end = scanner.find_end(bytes, at);
        if (!end) {
            at = bytes.size();
            break;
        }
        yield(scanner, block, bytes, begin, *end);
        begin = at = *end + scanner.delimiter();
        more_ = block.records.size() >= kMaxRecords && at < bytes.size();
        if (more_) break;
    }
    if (last && scanner.open() && scanner.end_completes()) {
        yield(scanner, block, bytes, begin, bytes.size());
        scanner.close();
    }
    if (!scanner.open()) begin = at;
    resume_at_ = base + begin;
    scanned_ = base + at;
    if (skipping_) {
        keep(bytes);
        resume_at_ = scanned_;
    } else if (partial() > max_record_ + kSlack) {
        start_skipping(bytes.substr(begin));
    }
}

template <class Scanner>
void Framer::yield(const Scanner& scanner, record::Block& block, std::string_view bytes, std::size_t begin,
                   std::size_t end) {
    if (skipping_) return finish_skipping(block, bytes.substr(0, end), scanner.lines());
    Piece piece = without_mark({bytes.substr(begin, end - begin), resume_at_ + begin});
    if (scanner.lines()) piece.bytes = without_return(piece.bytes);
    const std::size_t size = piece.bytes.size();
    if (size == 0) return;
    record::RecordSpan span{.position = piece.position,
                            .begin = static_cast<std::uint32_t>(piece.bytes.data() - bytes.data()),
                            .size = static_cast<std::uint32_t>(size)};
    if (size > max_record_) {
        span.size = static_cast<std::uint32_t>(std::min(size, record::kOversizedKept));
        span.oversized = size;
    } else if (scanner.lines() && is_blank(piece.bytes)) {
        return;
    } else if (scanner.counted()) {
        span.size = static_cast<std::uint32_t>(without_line_end(piece.bytes).size());
        if (span.size == 0) return;
    }
    block.records.push_back(span);
}

Framer::Piece Framer::without_mark(Piece piece) {
    if (piece.position == 0 && piece.bytes.starts_with(kByteOrderMark)) {
        piece.bytes.remove_prefix(kByteOrderMark.size());
        piece.position = kByteOrderMark.size();
    }
    return piece;
}

void Framer::start_skipping(std::string_view partial) {
    const Piece piece = without_mark({partial, resume_at_});
    skipping_ = std::make_unique<Skipping>(Skipping{.from = piece.position});
    keep(piece.bytes);
    resume_at_ = scanned_;
}

void Framer::keep(std::string_view bytes) {
    skipping_->kept += bytes.substr(0, record::kOversizedKept - skipping_->kept.size());
    if (!bytes.empty()) skipping_->last = bytes.back();
}

void Framer::finish_skipping(record::Block& block, std::string_view rest, bool trims_return) {
    keep(rest);
    const std::unique_ptr<Skipping> skipped = std::move(skipping_);
    const std::string& kept = skipped->kept;
    const std::uint64_t end = resume_at_ + rest.size();
    const std::uint64_t size = end - skipped->from - (trims_return && skipped->last == '\r' ? 1 : 0);
    assert(block.size + kept.size() <= block.capacity());
    std::memcpy(block.data() + block.size, kept.data(), kept.size());
    block.records.push_back({.position = skipped->from,
                             .begin = static_cast<std::uint32_t>(block.size),
                             .size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kept.size(), size)),
                             .oversized = size});
    block.size += kept.size();
}

bool Framer::broken() const {
    const auto* octets = std::get_if<OctetScanner>(&scanner_);
    return octets != nullptr && octets->broken();
}

bool Framer::end_completes() const {
    return std::visit([](const auto& scanner) { return scanner.end_completes(); }, scanner_);
}

bool Framer::within_frame() const {
    const auto* octets = std::get_if<OctetScanner>(&scanner_);
    return octets != nullptr && octets->within_frame();
}

bool Framer::absorb(std::string_view bytes) {
    if (skipping_ || partial() + bytes.size() > max_record_) return false;
    const bool goes_on = std::visit(
        [&](auto& scanner) {
            auto ahead = scanner;
            if (!ahead.open() || ahead.find_end(bytes, 0)) return false;
            scanner = ahead;
            return true;
        },
        scanner_);
    if (goes_on) scanned_ += bytes.size();
    return goes_on;
}

}  // namespace aep::source
