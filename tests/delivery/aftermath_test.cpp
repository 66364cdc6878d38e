#include "delivery/aftermath.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>

#include "delivery/fixture.hpp"
#include "http/error.hpp"

namespace aep::delivery {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Verdict::Kind;
using Fate = MessageVerdict::Fate;

class AftermathTest : public ::testing::Test {
  protected:
    static Verdict verdict(Kind kind, int status = 0) {
        return {.kind = kind, .status = status, .words = "words", .held_reason = "reason", .messages = {}};
    }
    Job job(std::uint32_t messages) {
        Job made{maker_.make(messages)};
        made.attempts = 1;
        made.first_tried = base::SteadyClock::now();
        made.left_at = made.first_tried;
        made.pass = Gate::Pass::Free;
        return made;
    }
    std::vector<Job> apply(Job made, const Verdict& what, base::Millis retry_after = 0ms) {
        return aftermath_.apply(std::move(made), what, retry_after);
    }
    static std::vector<std::vector<std::string>> texts(const std::vector<Job>& jobs) {
        std::vector<std::vector<std::string>> all;
        for (const Job& one : jobs) all.push_back(BatchMaker::messages_of(*one.batch));
        return all;
    }

    BatchMaker maker_;
    KeptLetters letters_;
    telemetry::Metrics metrics_;
    telemetry::Health health_;
    DestinationOptions options_ = [] {
        DestinationOptions made;
        made.id = "inlet";
        made.retry.max = 500ms;  // a message that fails alone for so long may be to blame
        return made;
    }();
    http::Backoff backoff_{{.initial = 1s, .max = 8s}, [] { return 0.999999; }};
    InletTraffic inlet_;
    Gate& gate_ = inlet_.gate;
    Concurrency concurrency_{4};
    SizeBound size_bound_{900'000};
    DestinationMetrics counted_{metrics_, "inlet"};
    ConditionReport report_{options_, metrics_, health_};
    Aftermath aftermath_{{.options = options_,
                          .inlet = inlet_,
                          .concurrency = concurrency_,
                          .size_bound = size_bound_,
                          .backoff = backoff_,
                          .metrics = counted_,
                          .report = report_,
                          .dead_letters = letters_}};
};

TEST_F(AftermathTest, SettlesWhatWasAccepted) {
    EXPECT_THAT(apply(job(3), verdict(Kind::AllSettled, 207)), IsEmpty());
    EXPECT_EQ(maker_.counters.snapshot().delivered, 3U);
    EXPECT_EQ(aftermath_.accepted(), 3U);
}

TEST_F(AftermathTest, DealsWithEachMessageOfAMixedAnswer) {
    Verdict mixed = verdict(Kind::PerMessage, 207);
    mixed.messages = {{Fate::Settled, 0, ""},
                      {Fate::Refused, 400, "no"},
                      {Fate::SendAgain, 503, ""},
                      {Fate::Settled, 0, ""}};
    const std::vector<Job> again = apply(job(4), mixed);
    EXPECT_THAT(texts(again), ElementsAre(ElementsAre(R"({"n":2})")));
    EXPECT_GT(again[0].not_before, base::SteadyClock::now()) << "later, not at once";
    EXPECT_EQ(maker_.counters.snapshot().delivered, 2U);
    EXPECT_EQ(maker_.counters.snapshot().dead_lettered, 1U);
    const record::DeadLetter& letter = letters_.at(0);
    EXPECT_EQ(letter.code, "refused");
    EXPECT_EQ(letter.status, 400);
    EXPECT_EQ(letter.answer, "no");
    EXPECT_EQ(letter.content, R"({"n":1})");
    EXPECT_EQ(letter.position, 10U);
    EXPECT_EQ(letter.form, record::DeadLetter::Form::Entity);
    EXPECT_TRUE(gate_.is_open());
}

/// Plays an inlet that refuses every request which holds one of the poisonous messages, until nothing is
/// left.
void play_until_done(Aftermath& aftermath, Job first, const std::vector<std::string>& poison, Kind refusal,
                     std::size_t& requests) {
    std::deque<Job> jobs;
    jobs.push_back(std::move(first));
    for (requests = 0; !jobs.empty(); ++requests) {
        ASSERT_LT(requests, 1000U) << "without end";
        Job job = std::move(jobs.front());
        jobs.pop_front();
        ++job.attempts;
        bool bad = false;
        for (const std::string& text : BatchMaker::messages_of(*job.batch)) {
            bad = bad || std::ranges::find(poison, text) != poison.end();
        }
        const Verdict verdict{.kind = bad ? refusal : Kind::AllSettled,
                              .status = 400,
                              .words = "w",
                              .held_reason = "",
                              .messages = {}};
        for (Job& left : aftermath.apply(std::move(job), verdict, 0ms)) jobs.push_back(std::move(left));
    }
}

TEST_F(AftermathTest, FindsThePoisonousMessageByHalves) {
    std::size_t requests = 0;
    play_until_done(aftermath_, job(1000), {R"({"n":37})", R"({"n":999})"}, Kind::Refused, requests);
    EXPECT_THAT(letters_.contents(), testing::UnorderedElementsAre(R"({"n":37})", R"({"n":999})"));
    EXPECT_EQ(maker_.counters.snapshot().delivered, 998U);
    EXPECT_LE(requests, 45U) << "two paths of ten halvings";
}

TEST_F(AftermathTest, SplitsARequestThatIsTooLarge) {
    std::size_t requests = 0;
    play_until_done(aftermath_, job(8), {R"({"n":5})"}, Kind::TooLarge, requests);
    EXPECT_EQ(letters_.at(0).code, "too_large");
    EXPECT_EQ(maker_.counters.snapshot().delivered, 7U);
}

TEST_F(AftermathTest, HalvesWhatAnAnswerDoesNotProveAndNeverDeadLettersIt) {
    const std::vector<Job> halves = apply(job(4), verdict(Kind::Unproven, 207));
    EXPECT_THAT(texts(halves), ElementsAre(ElementsAre(R"({"n":0})", R"({"n":1})"),
                                           ElementsAre(R"({"n":2})", R"({"n":3})")));
    const std::vector<Job> single = apply(job(1), verdict(Kind::Unproven, 207));
    EXPECT_EQ(single.size(), 1U);
    EXPECT_FALSE(gate_.is_open());
    EXPECT_THAT(letters_.contents(), IsEmpty());
}

TEST_F(AftermathTest, WaitsWhileTheInletIsBusyAsLongAsItAsks) {
    const std::vector<Job> again = apply(job(2), verdict(Kind::Busy, 503), 30s);
    EXPECT_EQ(again.size(), 1U);
    EXPECT_EQ(gate_.enter(base::SteadyClock::now() + 29s), Gate::Pass::None);
    EXPECT_EQ(gate_.enter(base::SteadyClock::now() + 30s), Gate::Pass::Probe);
}

TEST_F(AftermathTest, HoldsWhatAnOperatorCanCureAndSaysSo) {
    EXPECT_EQ(apply(job(2), verdict(Kind::Held, 403)).size(), 1U);
    EXPECT_TRUE(report_.is_held());
    health_.set_running(true);
    EXPECT_FALSE(health_.ready());
    EXPECT_NE(metrics_.text().find("aep_agent_destination_held{destination=\"inlet\",reason=\"reason\"} 1"),
              std::string::npos);
    EXPECT_THAT(letters_.contents(), IsEmpty());
    (void)apply(job(1), verdict(Kind::AllSettled, 207));
    EXPECT_TRUE(report_.is_held()) << "it was under way when the inlet began to refuse";
    Job probe = job(1);
    probe.pass = Gate::Pass::Probe;
    (void)apply(std::move(probe), verdict(Kind::AllSettled, 207));
    EXPECT_FALSE(report_.is_held());
    EXPECT_TRUE(health_.ready());
    EXPECT_NE(metrics_.text().find("reason=\"reason\"} 0"), std::string::npos);
}

TEST_F(AftermathTest, HoldsWhatAnUntrustedCertificateStops) {
    const std::vector<Job> again =
        aftermath_.apply_failure(job(1), base::Error{"certificate", http::Errc::Certificate});
    EXPECT_EQ(again.size(), 1U);
    EXPECT_TRUE(report_.is_held());
    (void)aftermath_.apply_failure(job(1), base::Error{"refused", http::Errc::Connect});
    EXPECT_FALSE(gate_.is_open());
}

TEST_F(AftermathTest, TakesRepeated500sForTheRequestsFaultOnlyWhereTheInletWorksForOthers) {
    Job failing = job(1);
    for (int i = 0; i < 20; ++i) {
        std::vector<Job> again = apply(std::move(failing), verdict(Kind::ServerError, 500));
        ASSERT_EQ(again.size(), 1U) << "an outage: kept without end";
        failing = std::move(again[0]);
    }
    (void)apply(job(1), verdict(Kind::AllSettled, 207));
    std::vector<Job> again = apply(std::move(failing), verdict(Kind::ServerError, 500));
    ASSERT_EQ(again.size(), 1U) << "not before it has failed for retry.max";
    again[0].failing_since -= options_.retry.max;
    EXPECT_THAT(apply(std::move(again[0]), verdict(Kind::ServerError, 500)), IsEmpty());
    EXPECT_THAT(letters_.contents(), ElementsAre(R"({"n":0})"));
}

TEST_F(AftermathTest, LetsOthersBeTheNextProbeAfterA500) {
    const std::vector<Job> again = apply(job(1), verdict(Kind::ServerError, 500));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_GT(again[0].not_before, gate_.resume_at());
}

TEST_F(AftermathTest, HalvesWhatKeepsGetting500EvenWhereThereIsNothingElseToSend) {
    std::vector<Job> left;
    left.push_back(job(4));
    for (int i = 0; i < 6; ++i) {
        ASSERT_EQ(left.size(), 1U);
        left = apply(std::move(left[0]), verdict(Kind::ServerError, 500));
    }
    EXPECT_THAT(texts(left), ElementsAre(ElementsAre(R"({"n":0})", R"({"n":1})"),
                                         ElementsAre(R"({"n":2})", R"({"n":3})")));
}

TEST_F(AftermathTest, DoesNotTakeAnOutageForAFaultBecauseItWorkedBefore) {
    (void)apply(job(1), verdict(Kind::AllSettled, 207));
    std::vector<Job> left;
    left.push_back(job(1));
    for (int i = 0; i < 20; ++i) {
        left = apply(std::move(left[0]), verdict(Kind::ServerError, 500));
        ASSERT_EQ(left.size(), 1U);
    }
}

TEST_F(AftermathTest, DeadLettersWhatIsTooOldWhereALimitIsSet) {
    options_.give_up_after = 1h;
    Job old = job(2);
    EXPECT_EQ(apply(job(1), verdict(Kind::Busy, 503)).size(), 1U);
    old.first_tried -= 1h;
    EXPECT_THAT(apply(std::move(old), verdict(Kind::Busy, 503)), IsEmpty());
    EXPECT_EQ(letters_.contents().size(), 2U);
    EXPECT_EQ(letters_.at(0).code, "gave_up");
    EXPECT_TRUE(aftermath_.gave_up());
}

}  // namespace
}  // namespace aep::delivery
