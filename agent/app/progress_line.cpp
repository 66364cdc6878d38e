#include "app/progress_line.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "app/standard_streams.hpp"
#include "base/bytes.hpp"

namespace aep::app {
namespace {

constexpr std::size_t kBarWidth = 24;

std::string render_bar(double share) {
    const auto filled = static_cast<std::size_t>(share * kBarWidth);
    std::string bar(filled, '=');
    if (filled < kBarWidth) bar += '>';
    bar.resize(kBarWidth, ' ');
    return fmt::format("[{}] {:3.0f}%", bar, share * 100);
}

std::size_t terminal_width() {
    winsize size{};
    constexpr std::size_t kUsual = 80;
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

}  // namespace

std::string render_progress(const SendProgress& progress, std::size_t width) {
    const double seconds = std::max(std::chrono::duration<double>(progress.elapsed).count(), 1e-3);
    const double bytes_per_second = static_cast<double>(progress.settled_bytes) / seconds;
    const double share = progress.total_bytes == 0
                             ? 0
                             : std::min(1.0, static_cast<double>(progress.settled_bytes) /
                                                 static_cast<double>(progress.total_bytes));
    std::string line =
        progress.total_bytes > 0 ? render_bar(share) : base::human_bytes(progress.settled_bytes);
    line += fmt::format("  {}/s  {:.0f} records/s",
                        base::human_bytes(static_cast<std::uint64_t>(bytes_per_second)),
                        static_cast<double>(progress.settled_records) / seconds);
    if (progress.total_bytes > 0 && progress.settled_bytes > 0) {
        line += fmt::format("  {:.0f} s left", seconds / share - seconds);
    }
    if (line.size() > width) line.resize(width);
    return line;
}

ProgressLine::ProgressLine() : is_terminal_{::isatty(STDERR_FILENO) == 1} {}

void ProgressLine::draw(const SendProgress& progress) {
    if (!is_terminal_) return;
    say("\r\x1b[K{}", render_progress(progress, terminal_width() - 1));
    (void)std::fflush(stderr);
}

void ProgressLine::clear() {
    if (is_terminal_) say("\r\x1b[K");
}

}  // namespace aep::app
