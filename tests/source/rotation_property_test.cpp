#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "fixture.hpp"
#include "source/file_source.hpp"

// Random sequences of everything that an application, a rotating tool and an agent do, against a model: the
// records that were written. Each is settled in the end, none twice unless the agent crashed before its
// position was durable, and then under the same generation and position.
namespace aep::source {
namespace {

namespace fs = std::filesystem;

struct Way {
    const char* include;
    bool crashes;
    unsigned seed;
};

void PrintTo(const Way& way, std::ostream* out) {
    *out << way.include << (way.crashes ? " with crashes, seed " : ", seed ") << way.seed;
}

class RotationProperty : public SourceTest, public testing::WithParamInterface<Way> {
  protected:
    RotationProperty() {
        options_.include = {path(GetParam().include)};
        positions_.hold_back();
        create();
        start();
    }

    ~RotationProperty() override {
        if (!HasFailure()) return;
        std::string all = history_;
        for (const record::FileMark& mark : positions_.recall("test")) {
            all += "\n  " + mark.generation + ' ' + mark.path + " inode " + std::to_string(mark.inode) +
                   " at " + std::to_string(mark.position) + (mark.finished ? " finished" : "") + " knows " +
                   std::to_string(mark.fingerprint.size);
        }
        std::cerr << all << '\n';
    }
    void note(const std::string& step) {
        struct stat status {};
        ::stat(path("a.log").c_str(), &status);
        history_ += "\n" + step + ": a.log is inode " + std::to_string(status.st_ino) + " of " +
                    std::to_string(status.st_size) + " bytes, seen " + std::to_string(sink_.count());
    }

    [[nodiscard]] unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

    [[nodiscard]] std::string next_line() {
        std::string line = "record " + std::to_string(written_.size()) + std::string(below(200), '.');
        written_.insert(line);
        return line;
    }
    void create() {
        first_ = next_line();
        append("a.log", first_ + '\n');
    }
    void write() {
        std::string text = std::exchange(half_, "");
        const unsigned lines = 1 + below(40);
        for (unsigned i = 0; i < lines; ++i) text += next_line() + '\n';
        // Now and then an append ends in the middle of a line.
        if (below(4) == 0) {
            const std::size_t size = 1 + below(static_cast<unsigned>(text.size()));
            half_ = text.substr(size);
            text.resize(size);
        }
        note("write up to " + std::to_string(written_.size()));
        append("a.log", text);
    }
    void end_line() { append("a.log", std::exchange(half_, "")); }
    [[nodiscard]] bool is_read() {
        end_line();
        return eventually([&] {
            std::set<std::string> seen;
            for (const KeepingSink::Kept& kept : sink_.kept()) seen.insert(kept.text);
            return seen.size() == written_.size();
        });
    }
    [[nodiscard]] bool is_safe() {
        if (!is_read()) return false;
        const bool settled = eventually([&] {
            sink_.settle_some(1'000'000);
            return sink_.settled_texts().size() == written_.size() && !sink_.holds_any();
        });
        positions_.commit();
        return settled;
    }
    /// The source has read something of the file: what came and went unseen nobody can know. Its inode says
    /// nothing, because an earlier file may have had it.
    [[nodiscard]] bool is_known() {
        return eventually([&] {
            const auto texts = sink_.texts();
            return std::ranges::find(texts, first_) != texts.end();
        });
    }
    void rename() {
        end_line();
        ASSERT_TRUE(is_known());
        note("rename to " + std::to_string(rotations_ + 1));
        fs::rename(path("a.log"), path("a.log." + std::to_string(++rotations_)));
        create();
    }
    /// What was written last has to be found in the copy.
    void copy_and_truncate() {
        ASSERT_TRUE(is_known());
        write();
        ASSERT_TRUE(is_read());
        write();
        end_line();
        // Before, in the middle and behind it the process may be gone.
        const unsigned gone = GetParam().crashes ? below(4) : 3;
        note("copy and truncate to " + std::to_string(rotations_ + 1) + ", gone at " + std::to_string(gone));
        if (gone == 0) crash();
        fs::copy_file(path("a.log"), path("a.log." + std::to_string(++rotations_)));
        if (gone == 1) crash();
        fs::resize_file(path("a.log"), 0);
        if (gone == 2) crash();
        create();
        if (gone == 3) return;
        ++crashes_;
        start();
    }
    void remove() {
        ASSERT_TRUE(GetParam().crashes ? is_safe() : is_read());
        note("remove");
        fs::remove(path("a.log"));
        create();
    }
    void die() {
        note("crash");
        crash();
        ++crashes_;
        start();
    }
    void step() {
        switch (below(12)) {
            case 0:
            case 1:
                return rename();
            case 2:
                return copy_and_truncate();
            case 3:
                return remove();
            case 4:
                note("settle some");
                sink_.settle_some(below(100));
                return;
            case 5:
                note("settle");
                sink_.settle_some(1'000'000);
                return;
            case 6:
                note("commit");
                positions_.commit();
                return;
            case 7:
                if (GetParam().crashes) return die();
                return;
            case 8:
                if (below(3) == 0) {
                    ASSERT_TRUE(is_read());
                }
                return;
            default:
                return write();
        }
    }
    void expect_no_record_under_two_positions() {
        std::map<std::string, std::pair<std::string, std::uint64_t>> places;
        std::size_t repeated = 0;
        for (const KeepingSink::Kept& kept : sink_.kept()) {
            const std::pair place{kept.origin->generation, kept.position};
            const auto [known, first] = places.emplace(kept.text, place);
            if (!first) ++repeated;
            EXPECT_EQ(known->second, place) << kept.text.substr(0, 20);
        }
        if (!GetParam().crashes) {
            EXPECT_EQ(repeated, 0U);
        }
    }

    std::mt19937_64 random_{GetParam().seed};
    std::set<std::string> written_;
    std::string half_;   ///< of a line, not written yet
    std::string first_;  ///< line of what is a.log now
    std::string history_;
    int rotations_ = 0;
    int crashes_ = 0;
};

TEST_P(RotationProperty, SettlesEachRecordAndRepeatsNoneUnderAnotherId) {
    for (int i = 0; i < 60 && !HasFatalFailure(); ++i) step();
    ASSERT_TRUE(is_safe()) << sink_.settled_texts().size() << " settled of " << written_.size();
    expect_no_record_under_two_positions();
    EXPECT_EQ(source_->lost_bytes(), 0U);
    // And nothing of it once more after a restart.
    const std::size_t before = sink_.count();
    restart();
    append("a.log", "the last\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() > before; }));
    EXPECT_EQ(sink_.texts().back(), "the last");
    EXPECT_EQ(sink_.count(), before + 1);
}

std::vector<Way> ways() {
    std::vector<Way> all;
    for (const char* include : {"a.log", "a.log*"}) {
        for (const bool crashes : {false, true}) {
            for (unsigned seed = 1; seed <= 4; ++seed) all.push_back({include, crashes, seed});
        }
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, RotationProperty, testing::ValuesIn(ways()));

}  // namespace
}  // namespace aep::source
