#include "store/stored_batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "record/batch.hpp"
#include "record/counters.hpp"
#include "record/ledger.hpp"

namespace aep::store {
namespace {

using record::Kept;
using record::Outcome;

class StoredBatches : public testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        auto origin = std::make_shared<record::Origin>();
        origin->source = "web";
        origin->stream = "events";
        origin->name = "/var/log/a.json";
        origin->generation = "g1";
        origin->is_file = true;
        ledger_ = std::make_shared<record::Ledger>(origin, counters_, 0);
        const auto block = ledger_->open_block({10, 20, 30}, 40);
        auto stream = std::make_shared<record::StreamInfo>();
        stream->id = "events";
        stream->destination = "inlet";
        stream->entity_begin = 1;
        stream->entity_end = 2;
        stream->flow_id = "flow";
        stream->ordered = true;
        batch_ = std::make_unique<record::Batch>(stream, record::Lease{});
        batch_->oldest_read = base::SteadyClock::now();
        for (std::uint32_t i = 0; i < 3; ++i) {
            const std::string text = "[\"message " + std::string(100, static_cast<char>('a' + i)) + "\"]";
            std::memcpy(batch_->reserve(text.size()), text.data(), text.size());
            batch_->append(text.size(), batch_->ticket_index({.ledger = ledger_, .block = block}), i);
        }
        batch_->seal();
        batch_->keep_all(kept_);
        const EncodedBatch encoded{*batch_, kept_, GetParam()};
        value_.resize(encoded.size());
        encoded.write_to(value_.data());
    }

    record::RecordCounters counters_{"web"};
    std::shared_ptr<record::Ledger> ledger_;
    record::BatchPtr batch_;
    std::vector<Kept> kept_;
    std::string value_;
};

TEST_P(StoredBatches, ComeBackAsTheyWere) {
    const auto head = decode_head(value_);
    ASSERT_TRUE(head.has_value()) << head.error().message;
    EXPECT_EQ(head->compressed, GetParam());
    EXPECT_EQ(head->stream.id, "events");
    EXPECT_EQ(head->stream.entity_begin, 1U);
    EXPECT_EQ(head->stream.entity_end, 2U);
    EXPECT_EQ(head->stream.flow_id, "flow");
    EXPECT_TRUE(head->stream.ordered);
    ASSERT_EQ(head->origins.size(), 1U);
    EXPECT_EQ(head->origins[0]->source, "web");
    EXPECT_EQ(head->origins[0]->name, "/var/log/a.json");
    EXPECT_EQ(head->origins[0]->generation, "g1");
    EXPECT_TRUE(head->origins[0]->is_file);
    EXPECT_EQ(head->records_of(0), 3U);
    ASSERT_EQ(head->messages.size(), 3U);
    EXPECT_EQ(head->messages[2].kept.start, 30U);
    EXPECT_EQ(head->messages[2].begin, batch_->messages[2].begin);
    EXPECT_EQ(head->messages[2].size, batch_->messages[2].size);

    std::string body(head->body_size, '\0');
    ASSERT_TRUE(decode_body(value_, *head, body.data()));
    EXPECT_EQ(body, batch_->body());
    EXPECT_LE(value_.size(), most_bytes(*batch_));
}

TEST_P(StoredBatches, WithAnyBitWrongAreDamaged) {
    std::string body(batch_->body().size() + 1000, '\0');
    for (std::size_t byte = 0; byte < value_.size(); ++byte) {
        for (const unsigned bit : {0U, 7U}) {
            std::string wrong = value_;
            wrong[byte] = static_cast<char>(wrong[byte] ^ (1U << bit));
            const auto head = decode_head(wrong);
            if (!head) continue;
            ASSERT_LE(head->body_size, body.size());
            EXPECT_FALSE(decode_body(wrong, *head, body.data())) << byte;
        }
    }
}

TEST_P(StoredBatches, CutShortAnywhereAreDamaged) {
    std::string body(batch_->body().size(), '\0');
    for (std::size_t size = 0; size < value_.size(); ++size) {
        const std::string_view cut = std::string_view{value_}.substr(0, size);
        const auto head = decode_head(cut);
        if (!head) continue;
        EXPECT_FALSE(decode_body(cut, *head, body.data())) << size;
    }
}

INSTANTIATE_TEST_SUITE_P(Compression, StoredBatches, testing::Bool(),
                         [](const auto& one) { return one.param ? "Zstd" : "None"; });

TEST(BatchKey, SortsByNumberWithinItsDestination) {
    EXPECT_LT(batch_key("a", 255), batch_key("a", 256));
    EXPECT_LT(batch_key("a", 1), batch_key("ab", 0));
    const BatchKey parsed = parse_batch_key(batch_key("inlet-1", 0x0102030405060708));
    EXPECT_EQ(parsed.destination, "inlet-1");
    EXPECT_EQ(parsed.number, 0x0102030405060708U);
}

}  // namespace
}  // namespace aep::store
