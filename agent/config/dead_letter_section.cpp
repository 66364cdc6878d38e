#include "base/bytes.hpp"
#include "config/sections.hpp"

namespace aep::config {

using base::operator""_MiB;
using base::operator""_GiB;

namespace {

const Words<store::WhenFull> kWhenFull{
    {{"hold", store::WhenFull::Hold}, {"drop_oldest", store::WhenFull::DropOldest}}};

/// Unlike other paths a relative one is under state_dir: the directory is state, not configuration.
void read_files(MapReader& section, const std::filesystem::path& state_dir, std::filesystem::path& dir,
                std::uint64_t& max_bytes) {
    const Value* given = section.scalar("dir");
    if (given != nullptr && !given->text.empty()) dir = given->text;
    dir = (state_dir / dir).lexically_normal();
    section.shown().add("dir", dir.string(), section.find("dir"));
    std::size_t bytes = max_bytes;
    section.size("max_bytes", bytes, {1_MiB, 1024 * 1024_GiB});
    max_bytes = bytes;
}

}  // namespace

store::DeadLetterOptions read_dead_letter(MapReader dead_letter, const std::filesystem::path& state_dir) {
    store::DeadLetterOptions options;
    read_files(dead_letter, state_dir, options.dir, options.max_bytes);
    dead_letter.choice("when_full", options.when_full, kWhenFull);
    dead_letter.finish();
    return options;
}

std::optional<store::ReceiptOptions> read_receipts(MapReader& root, const std::filesystem::path& state_dir) {
    if (!root.has("receipts")) {
        root.ignore({"receipts"});
        return std::nullopt;
    }
    store::ReceiptOptions options;
    MapReader receipts = root.section("receipts");
    read_files(receipts, state_dir, options.dir, options.max_bytes);
    receipts.finish();
    return options;
}

}  // namespace aep::config
