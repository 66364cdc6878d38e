#pragma once

namespace aep::store::testing_support {

/// While it lives, LMDB cannot write the root of a data file: the last step of a commit, after which nobody
/// knows which state is on the disk. Everything else can be written.
class BrokenRoot {
  public:
    BrokenRoot();
    ~BrokenRoot();
    BrokenRoot(const BrokenRoot&) = delete;
    BrokenRoot& operator=(const BrokenRoot&) = delete;

    /// How many writes have failed.
    [[nodiscard]] static int failures();
};

}  // namespace aep::store::testing_support
