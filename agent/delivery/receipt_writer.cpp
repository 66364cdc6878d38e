#include "delivery/receipt_writer.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "delivery/receipt_line.hpp"
#include "store/letter_files.hpp"
#include "telemetry/log.hpp"

namespace aep::delivery {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kCompany = 200ms;  ///< the first receipt waits so long for others
constexpr std::size_t kEnough = ReceiptWriter::kQueueBytes / 4;  ///< or until so much waits
constexpr auto kRest = 5s;

base::Result<> make_directory(const fs::path& directory) {
    std::error_code error;
    if (directory.has_parent_path()) fs::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return base::system_error("receipts.dir: cannot make " + directory.string(), errno);
    }
    if (!fs::is_directory(directory, error)) {
        return base::Error{"receipts.dir: " + directory.string() + " is not a directory; name another"};
    }
    return {};
}

}  // namespace

struct ReceiptWriter::Impl {
    Impl(const store::ReceiptOptions& options, telemetry::Metrics& metrics)
        : files{store::LetterFiles::in_directory(
              {.dir = options.dir, .max_bytes = options.max_bytes, .when_full = store::WhenFull::DropOldest},
              "receipts")},
          written{metrics.counter("aep_agent_receipts_written_total", "Receipts written, one per request.")},
          dropped{metrics.counter("aep_agent_receipts_dropped_total",
                                  "Receipts left out because they could not be written in time.")} {
        thread = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    }

    void put(ReceiptDraft draft) {
        const std::size_t bytes = draft.bytes();
        {
            const std::lock_guard lock{mutex};
            waiting_bytes += bytes;
            queue.push_back(std::move(draft));
        }
        changed.notify_all();
    }

    [[nodiscard]] bool is_full() {
        const std::lock_guard lock{mutex};
        return waiting_bytes >= kQueueBytes;
    }

    void drop(std::size_t receipts, const std::string& why) {
        dropped.Increment(static_cast<double>(receipts));
        telemetry::log::warn("receipts_dropped", "receipts are left out; delivery goes on",
                             {{"reason", why}, {"receipts", receipts}});
    }

    // The writer's thread.
    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            wait(stop);
            while (write_some()) {
            }
        }
        while (write_some()) {
        }
    }

    void wait(const std::stop_token& stop) {
        std::unique_lock lock{mutex};
        while (!changed.wait_for(lock, stop, kRest, [this] { return !queue.empty(); })) {
            if (stop.stop_requested()) return;
            files.rest();
        }
        changed.wait_for(lock, stop, kCompany, [this] { return waiting_bytes >= kEnough; });
    }

    // False: nothing waits.
    bool write_some() {
        std::vector<std::string> lines;
        for (std::size_t bytes = 0; bytes < kEnough;) {
            std::optional<ReceiptDraft> draft = take();
            if (!draft) break;
            try {
                lines.push_back(to_line(*draft));
                bytes += lines.back().size();
            } catch (const std::exception& problem) {  // out of memory and the like
                drop(1, problem.what());
            }
            done(draft->bytes());
        }
        write(lines);
        return !lines.empty();
    }

    std::optional<ReceiptDraft> take() {
        const std::lock_guard lock{mutex};
        if (queue.empty()) return std::nullopt;
        ReceiptDraft draft = std::move(queue.front());
        queue.pop_front();
        return draft;
    }

    // Its bytes count until it is a line.
    void done(std::size_t bytes) {
        const std::lock_guard lock{mutex};
        waiting_bytes -= bytes;
    }

    void write(const std::vector<std::string>& lines) {
        std::span<const std::string> rest{lines};
        while (!rest.empty()) {
            const auto appended = files.append(rest);
            written.Increment(static_cast<double>(appended.lines));
            rest = rest.subspan(appended.lines);
            if (appended.trouble != store::LetterFiles::Trouble::None) {
                return drop(rest.size(), appended.error.message);
            }
        }
    }

    store::LetterFiles files;  ///< the writer's thread
    prometheus::Counter& written;
    prometheus::Counter& dropped;

    std::mutex mutex;
    std::condition_variable_any changed;
    std::deque<ReceiptDraft> queue;
    std::size_t waiting_bytes = 0;

    std::jthread thread;  ///< last: stops before the rest goes
};

base::Result<std::unique_ptr<ReceiptWriter>> ReceiptWriter::open(const store::ReceiptOptions& options,
                                                                 telemetry::Metrics& metrics) {
    if (const base::Result<> made = make_directory(options.dir); !made) return made.error();
    return std::unique_ptr<ReceiptWriter>{new ReceiptWriter{std::make_unique<Impl>(options, metrics)}};
}

ReceiptWriter::ReceiptWriter(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

ReceiptWriter::~ReceiptWriter() = default;

void ReceiptWriter::put(const record::Batch& batch, const std::string& destination,
                        const http::Answer& answer, unsigned attempts) {
    if (impl_->is_full()) return impl_->drop(1, "more come than can be written");
    ReceiptDraft draft = make_draft(batch);
    draft.time = base::WallClock::now();
    draft.destination = destination;
    draft.status = answer.status;
    draft.attempts = attempts;
    draft.answer = answer.body;
    impl_->put(std::move(draft));
}

}  // namespace aep::delivery
