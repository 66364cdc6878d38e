#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

/// Standard input, output and error belong to the caller: they may be closed, lead to a full disk, or to a
/// reader that went away.
namespace aep::app {

/// Takes the descriptors 0 to 2 that the caller left closed, before anything of ours gets one of them: a log
/// line would then be written into a file of the state_dir. Reading and writing there fails. For the first
/// line of main.
void occupy_closed_streams();

/// Flushes stdout. False, and said on stderr, where something that was written to it did not get through. For
/// the last line of main.
[[nodiscard]] bool finish_stdout();

/// Writes to stderr. What cannot be written there has nowhere else to go, and is no reason to end.
template <class... Values>
void say(fmt::format_string<Values...> text, Values&&... values) {
    const std::string line = fmt::format(text, std::forward<Values>(values)...);
    (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace aep::app
