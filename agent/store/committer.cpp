#include "store/committer.hpp"

#include <lmdb.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "telemetry/log.hpp"

namespace aep::store {
namespace {

namespace log = telemetry::log;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstBackoff = 200ms;
constexpr std::chrono::milliseconds kMaxBackoff = 5s;
/// What release() gave back is to be used soon.
constexpr std::chrono::milliseconds kMaxBackoffWithoutRoom = 1s;
constexpr const char* kSubject = "state_dir";

bool is_disk_full(int code) {
    return code == ENOSPC || code == EDQUOT;
}

}  // namespace

const char* short_reason(const base::Error& error) {
    const int code = error.code.value();
    if (is_disk_full(code)) return "disk full";
    if (code == MDB_MAP_FULL) return "store full";
    return "cannot write";
}

Committer::Committer(Environment& environment, telemetry::Health& health)
    : environment_{environment}, health_{health}, thread_{[this](const std::stop_token& stop) {
          run(stop);
      }} {}

Committer::~Committer() {
    close();
}

void Committer::add(Committed& participant) {
    const std::lock_guard lock{mutex_};
    participants_.insert(participants_.begin(), &participant);
}

void Committer::remove(Committed& participant) {
    std::unique_lock lock{mutex_};
    std::erase(participants_, &participant);
    changed_.wait(lock, [this] { return !is_writing_; });
}

void Committer::close() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    changed_.notify_all();
    thread_.join();
}

void Committer::notice(bool at_once) {
    {
        const std::lock_guard lock{mutex_};
        const bool hurry = at_once && !hurry_ && backoff_ == 0ms;
        hurry_ = hurry_ || hurry;
        // The thread is awake, or waits for its time, while something is not committed.
        if (noticed_++ != committed_ && !hurry) return;
    }
    changed_.notify_all();
}

bool Committer::flush(std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    const std::uint64_t upto = ++noticed_;
    hurry_ = true;
    changed_.notify_all();
    return changed_.wait_for(lock, timeout, [&] { return committed_ >= upto; });
}

void Committer::run(const std::stop_token& stop) {
    while (wait_for_work(stop)) {
        std::uint64_t upto = 0;
        {
            const std::lock_guard lock{mutex_};
            upto = noticed_;
            hurry_ = false;
            writing_ = participants_;
            is_writing_ = true;
        }
        if (const auto done = commit(); done) {
            succeeded(upto);
        } else {
            failed(done.error());
        }
        {
            const std::lock_guard lock{mutex_};
            is_writing_ = false;
        }
        changed_.notify_all();
    }
}

/// False: stop, and nothing is left that could be committed.
bool Committer::wait_for_work(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, stop, [this] { return noticed_ != committed_; });
    if (noticed_ == committed_) return false;
    changed_.wait_until(lock, stop, not_before_, [this] { return hurry_; });
    return !stop.stop_requested() || backoff_ == 0ms;
}

base::Result<void> Committer::commit() try {
    auto transaction = environment_.begin_write();
    if (!transaction) return transaction.error();
    for (Committed* participant : writing_) {
        if (auto written = participant->write(*transaction); !written) return written;
    }
    return transaction->commit();
} catch (const std::exception& problem) {
    // Out of memory and the like: one more reason to try again.
    return base::Error{problem.what()};
}

void Committer::succeeded(std::uint64_t upto) {
    environment_.let_go_of_pages();
    for (Committed* participant : writing_) participant->committed();
    bool recovered = false;
    {
        const std::lock_guard lock{mutex_};
        recovered = std::exchange(backoff_, 0ms) != 0ms;
    }
    if (recovered) {
        health_.clear_trouble(kSubject);
        log::info("store_writable", "positions are being committed again");
    }
    {
        const std::lock_guard lock{mutex_};
        committed_ = upto;
        not_before_ = base::SteadyClock::now() + kEvery;
    }
    changed_.notify_all();
}

void Committer::failed(const base::Error& error) {
    const int code = error.code.value();
    const bool no_room = is_disk_full(code) || code == MDB_MAP_FULL;
    {
        const std::lock_guard lock{mutex_};
        backoff_ = std::clamp(2 * backoff_, kFirstBackoff, no_room ? kMaxBackoffWithoutRoom : kMaxBackoff);
        not_before_ = base::SteadyClock::now() + backoff_;
    }
    health_.set_trouble(kSubject, short_reason(error));
    log::error("store_commit_failed",
               "positions cannot be committed; they are kept in memory, and after a crash records since the "
               "last commit are sent again; trying again",
               {{"reason", error.message}, {"code", code}});
    if (no_room) release();
    if (code != MDB_PANIC) return;
    if (const auto reopened = environment_.reopen(); !reopened) {
        log::error("store_reopen_failed", "the store cannot be opened again, trying again",
                   {{"reason", reopened.error().message}});
    }
}

/// Room for the next attempt: what one transaction frees can be used by the next but one.
void Committer::release() {
    for (const bool removes : {true, false}) {
        auto transaction = environment_.begin_write();
        if (!transaction) return;
        for (Committed* participant : writing_) {
            if (removes && !participant->release(*transaction)) return;
        }
        if (!removes && !transaction->touch()) return;
        if (!transaction->commit()) return;  // the next attempt will tell
    }
}

}  // namespace aep::store
