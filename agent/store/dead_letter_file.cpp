#include "store/dead_letter_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "store/letter_files.hpp"
#include "telemetry/log.hpp"

namespace aep::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kGroupBytes = std::size_t{1} << 20U;  ///< rendered, written and synced at once
constexpr std::chrono::seconds kRetry{1};
/// Without new letters for so long the file is closed, so that it can be replayed beside a running daemon.
constexpr std::chrono::seconds kRest{5};
constexpr const char* kSubject = "dead_letter";

// Parents are made as the umask says; the directory itself holds record contents and is the agent's alone.
base::Result<> make_directory(const fs::path& directory) {
    std::error_code error;
    if (directory.has_parent_path()) fs::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return base::system_error("dead_letter.dir: cannot make " + directory.string(), errno);
    }
    if (!fs::is_directory(directory, error)) {
        return base::Error{
            fmt::format("dead_letter.dir: {} is not a directory; name another", directory.string())};
    }
    if (::access(directory.c_str(), W_OK | X_OK) != 0) {
        return base::system_error("dead_letter.dir: cannot write to " + directory.string(), errno);
    }
    return {};
}

std::string short_reason(LetterFiles::Trouble trouble, const base::Error& error) {
    if (trouble == LetterFiles::Trouble::OverBudget) return "full";
    const bool no_space = error.code.value() == ENOSPC || error.code.value() == EDQUOT;
    return no_space ? "disk full" : "cannot write";
}

}  // namespace

struct DeadLetterFile::Impl {
    Impl(LetterFiles target, telemetry::Metrics& metrics, telemetry::Health& shown_health)
        : files{std::move(target)},
          health{shown_health},
          bytes_gauge{metrics.gauge("aep_agent_dead_letter_bytes", "Bytes of all dead-letter files.")},
          dropped{metrics.counter("aep_agent_dead_letters_dropped_total",
                                  "Dead letters removed because of dead_letter.when_full: drop_oldest.")} {
        show_bytes();
        thread = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    }

    void put(record::DeadLetter letter) {
        {
            const std::lock_guard lock{mutex};
            queue.push_back(std::move(letter));
            ++unsettled;
        }
        changed.notify_all();
    }

    bool drain(std::chrono::milliseconds timeout) {
        std::unique_lock lock{mutex};
        return changed.wait_for(lock, timeout, [this] { return unsettled == 0; });
    }

    // The writer's thread. `group` is its own: letters taken from the queue, oldest first.
    void run(const std::stop_token& stop) {
        while (take(stop)) {
            if (!try_to_write()) pause(stop);
        }
    }

    // Out of memory and the like: nothing of the group is lost, so it is one more reason to try again.
    bool try_to_write() try {
        const bool done = write_group();
        show_bytes();
        return done;
    } catch (const std::exception& problem) {
        telemetry::log::error("dead_letter_failed", "writing dead letters failed, trying again",
                              {{"reason", problem.what()}});
        return false;
    }

    // False: stop. Moves all that waits in the queue behind the letters that could not be written yet.
    bool take(const std::stop_token& stop) {
        std::unique_lock lock{mutex};
        while (group.empty() && queue.empty() && !stop.stop_requested()) {
            if (changed.wait_for(lock, stop, kRest, [this] { return !queue.empty(); })) break;
            files.rest();
            show_bytes();
        }
        for (record::DeadLetter& letter : queue) group.push_back(std::move(letter));
        queue.clear();
        return !stop.stop_requested();
    }

    // False: held, try again later.
    bool write_group() {
        std::vector<std::string> lines;
        for (std::size_t bytes = 0; lines.size() < group.size() && bytes < kGroupBytes;) {
            lines.push_back(to_line(group[lines.size()]));
            bytes += lines.back().size();
        }
        const LetterFiles::Appended done = files.append(lines);
        for (const Removed& removed : done.dropped) tell_dropped(removed);
        settle(done.lines);
        tell(done);
        return done.trouble == LetterFiles::Trouble::None;
    }

    void settle(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const record::DeadLetter& letter = group.front();
            if (letter.ticket.ledger) letter.ticket.settle(letter.record, 1, record::Outcome::DeadLettered);
            group.pop_front();
        }
        const std::lock_guard lock{mutex};
        unsettled -= count;
        if (unsettled == 0) changed.notify_all();
    }

    void tell_dropped(const Removed& removed) {
        dropped.Increment(static_cast<double>(removed.letters));
        telemetry::log::error("dead_letters_dropped",
                              "dead_letter.max_bytes is reached: the oldest file of dead letters is gone",
                              {{"reason", "drop_oldest"},
                               {"file", removed.file.string()},
                               {"letters", removed.letters},
                               {"bytes", removed.bytes}});
    }

    // Once per change, not once per try.
    void tell(const LetterFiles::Appended& done) {
        const bool no_news = done.lines == 0 && done.trouble == LetterFiles::Trouble::None;
        if (no_news || done.trouble == trouble) return;
        trouble = done.trouble;
        if (trouble == LetterFiles::Trouble::None) {
            health.clear_trouble(kSubject);
            telemetry::log::info("dead_letter_writable", "dead letters are being written again");
            return;
        }
        telemetry::log::error(
            trouble == LetterFiles::Trouble::OverBudget ? "dead_letter_full" : "dead_letter_unwritable",
            "dead letters cannot be written; they are held, and their sources will wait",
            {{"reason", done.error.message}});
        health.set_trouble(kSubject, short_reason(trouble, done.error));
    }

    void pause(const std::stop_token& stop) {
        std::unique_lock lock{mutex};
        changed.wait_for(lock, stop, kRetry, [] { return false; });
    }

    void show_bytes() { bytes_gauge.Set(static_cast<double>(files.bytes())); }

    LetterFiles files;  ///< the writer's thread, once it runs
    telemetry::Health& health;
    prometheus::Gauge& bytes_gauge;
    prometheus::Counter& dropped;
    LetterFiles::Trouble trouble = LetterFiles::Trouble::None;
    std::deque<record::DeadLetter> group;

    std::mutex mutex;
    std::condition_variable_any changed;
    std::deque<record::DeadLetter> queue;
    std::size_t unsettled = 0;

    std::jthread thread;  ///< last: stops before the rest goes
};

base::Result<std::unique_ptr<DeadLetterFile>> DeadLetterFile::open(const DeadLetterOptions& options,
                                                                   telemetry::Metrics& metrics,
                                                                   telemetry::Health& health) {
    if (const base::Result<> made = make_directory(options.dir); !made) return made.error();
    auto impl = std::make_unique<Impl>(LetterFiles::in_directory(options), metrics, health);
    return std::unique_ptr<DeadLetterFile>{new DeadLetterFile{std::move(impl)}};
}

std::unique_ptr<DeadLetterFile> DeadLetterFile::single(fs::path file, telemetry::Metrics& metrics,
                                                       telemetry::Health& health) {
    auto impl = std::make_unique<Impl>(LetterFiles::one_file(std::move(file)), metrics, health);
    return std::unique_ptr<DeadLetterFile>{new DeadLetterFile{std::move(impl)}};
}

DeadLetterFile::DeadLetterFile(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

DeadLetterFile::~DeadLetterFile() = default;

void DeadLetterFile::put(record::DeadLetter letter) {
    if (letter.time == base::WallTime{}) letter.time = base::WallClock::now();
    impl_->put(std::move(letter));
}

bool DeadLetterFile::drain(std::chrono::milliseconds timeout) {
    return impl_->drain(timeout);
}

}  // namespace aep::store
