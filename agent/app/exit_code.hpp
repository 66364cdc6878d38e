#pragma once

/// Exit codes, part of the outside contract (DESIGN.md, Command line).
namespace aep::app {

inline constexpr int kExitOk = 0;        ///< all settled, or readable again by the next start
inline constexpr int kExitRejected = 1;  ///< some records were dead-lettered or invalid
inline constexpr int kExitUsage = 2;     ///< bad command line or configuration
inline constexpr int kExitGaveUp =
    3;  ///< the destination stayed unreachable or refused us, or records were abandoned
inline constexpr int kExitInternal = 70;

}  // namespace aep::app
