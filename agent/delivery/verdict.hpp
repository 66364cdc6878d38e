#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/options.hpp"
#include "http/answer.hpp"

namespace aep::delivery {

/// What an answer says of one message.
struct MessageVerdict {
    enum class Fate {
        Settled,
        SendAgain,  ///< alone, later: it cannot be taken now
        Failed,     ///< 500: for now, or for ever
        Refused,    ///< will never be accepted
    };
    Fate fate = Fate::Settled;
    int status = 0;
    std::string words;  ///< the inlet's own, bounded
};

/// What an answer means for the batch that it answers. Decides nothing about when.
struct Verdict {
    enum class Kind {
        AllSettled,
        PerMessage,   ///< see `messages`
        Unproven,     ///< a 2xx that proves nothing: send again in smaller requests
        Busy,         ///< the inlet cannot take it now
        Throttled,    ///< 429: more than the inlet takes
        ServerError,  ///< 500: an outage, or a message that it cannot process
        Refused,      ///< at least one message will never be accepted: find it
        TooLarge,     ///< 413
        Held,         ///< only an operator can cure it
    };
    Kind kind = Kind::Unproven;
    int status = 0;
    std::string words;                     ///< the inlet's own, or what is wrong with its answer; bounded
    std::string held_reason;               ///< of Held: a short word for the metric, "unauthorized"
    std::vector<MessageVerdict> messages;  ///< of PerMessage: as many as were sent, in their order
};

/// What a status that is not 2xx means for all that it stands for: a request, or each of its messages.
[[nodiscard]] Verdict verdict_of_status(int status, std::string words);

/// What AEP calls a batch and its messages, for receipts.
struct AnswerDetails {
    struct Message {
        std::string xaction_id;
        int status = 0;  ///< its own; 0 where it has none
    };
    std::string batch_id;
    std::vector<Message> messages;  ///< in the order that they were sent in
};
/// Nothing where the body does not speak of as many messages as were sent.
[[nodiscard]] std::optional<AnswerDetails> read_details(std::string_view body, std::size_t messages);

/// Reads answers as DESIGN.md, "What an answer proves", and the status table of streaming ingestion,
/// section 9. Confined; reuses its parser's memory.
class Judge {
  public:
    explicit Judge(Answers answers);
    ~Judge();
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    /// `messages`: how many were sent.
    [[nodiscard]] Verdict judge(const http::Answer& answer, std::size_t messages);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::delivery
