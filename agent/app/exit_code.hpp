#pragma once

/// Exit codes, part of the outside contract (DESIGN.md, Command line).
namespace aep::app {

inline constexpr int kExitOk = 0;        ///< all settled, or readable again by the next start
inline constexpr int kExitRejected = 1;  ///< some records were dead-lettered or invalid
inline constexpr int kExitUsage = 2;     ///< bad command line or configuration
/// The destination stayed unreachable or refused us, records were abandoned, an input could not be read to
/// its end, or standard output took nothing.
inline constexpr int kExitGaveUp = 3;
inline constexpr int kExitInternal = 70;

}  // namespace aep::app
