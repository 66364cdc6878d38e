#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "delivery/options.hpp"
#include "delivery/receipt_writer.hpp"
#include "delivery/traffic.hpp"
#include "http/token_provider.hpp"
#include "record/batch.hpp"
#include "record/dead_letter.hpp"
#include "telemetry/health.hpp"
#include "telemetry/metrics.hpp"

namespace aep::delivery {

struct Link;

/// What the agent hands to a destination. All of it outlives the destination.
struct Surroundings {
    record::DeadLetterSink& dead_letters;
    telemetry::Metrics& metrics;
    telemetry::Health& health;
    Traffic& traffic;                   ///< what destinations share
    ReceiptWriter* receipts = nullptr;  ///< null: none are kept
};

/// Takes batches to one inlet and learns from its answers what became of each message: settled, sent again,
/// or dead-lettered. It owns a thread with its connections. submit() is free-threaded and never waits.
class Destination : public record::BatchSink {
  public:
    /// Whose tokens requests carry; null: none.
    using Tokens = std::shared_ptr<http::TokenProvider>;

    /// Fails on a URL, header or certificate file that cannot be used.
    [[nodiscard]] static base::Result<std::unique_ptr<Destination>> create(DestinationOptions options,
                                                                           const Surroundings& surroundings,
                                                                           Tokens tokens = nullptr);
    ~Destination() override;
    Destination(const Destination&) = delete;
    Destination& operator=(const Destination&) = delete;

    void submit(record::BatchPtr batch) override;
    [[nodiscard]] std::size_t body_bound() const override;

    /// Another way to the inlet, or to another one, for the same id. Fails as create() does, and then nothing
    /// has changed.
    [[nodiscard]] base::Result<std::shared_ptr<Link>> prepare(DestinationOptions options, Tokens tokens);
    /// What waits, and what comes, goes over `link`; what is under way comes to its end first, with the
    /// answer's consequences, and what is left of it follows. Never waits.
    void adopt(std::shared_ptr<Link> link);

    /// What is here and not settled, as far as it was submitted before the call. Not after stop().
    struct Unsettled {
        bool is_file = false;
        std::uint64_t messages = 0;
    };
    /// By source. Where some of a source's records are of files and some are not, is_file is false.
    [[nodiscard]] std::map<std::string, Unsettled> unsettled() const;

    /// Waits until everything submitted has met its fate, or until `timeout` has passed. True: nothing is
    /// left.
    [[nodiscard]] bool drain(std::chrono::milliseconds timeout);
    /// Stops at once; what is left stays unsettled. Idempotent. Called before what its batches refer to goes.
    void stop();

    /// Messages accepted so far, and whether a refusal is held that only an operator can cure (for one-shot
    /// commands, which give up then).
    struct State {
        std::uint64_t accepted = 0;
        std::uint64_t sent = 0;  ///< messages, each time they were sent
        bool held = false;
        std::string trouble;   ///< the newest reason why nothing gets through, empty when all is well
        bool gave_up = false;  ///< give_up_after has passed for some batch
    };
    [[nodiscard]] State state() const;

  private:
    struct Impl;
    explicit Destination(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::delivery
