#include "base/record_meta.hpp"

#include <gtest/gtest.h>

namespace aep::base {
namespace {

constexpr RecordMeta kMeta{.source = "web",
                           .host = "box",
                           .file = "/var/log/shop.json",
                           .peer = {},
                           .offset = 42,
                           .received_at = WallTime{std::chrono::milliseconds{1'500}}};

std::string text(MetaField field) {
    std::string out;
    EXPECT_TRUE(append_meta(kMeta, field, out));
    return out;
}

TEST(RecordMeta, HasItsFieldsAsText) {
    EXPECT_EQ(text(MetaField::Source), "web");
    EXPECT_EQ(text(MetaField::Host), "box");
    EXPECT_EQ(text(MetaField::File), "/var/log/shop.json");
    EXPECT_EQ(text(MetaField::Offset), "42");
    EXPECT_EQ(text(MetaField::ReceivedAt), "1970-01-01T00:00:01.500Z");
}

TEST(RecordMeta, SaysWhatARecordHasNot) {
    std::string out = "before";
    EXPECT_FALSE(append_meta(kMeta, MetaField::Peer, out));
    EXPECT_EQ(out, "before");
}

TEST(RecordMeta, KnowsItsNames) {
    EXPECT_EQ(meta_field("received_at"), MetaField::ReceivedAt);
    EXPECT_EQ(meta_field("peer"), MetaField::Peer);
    EXPECT_EQ(meta_field("Peer"), std::nullopt);
    EXPECT_EQ(meta_field(""), std::nullopt);
    EXPECT_EQ(meta_field_names(), "source, host, file, peer, offset, received_at");
}

}  // namespace
}  // namespace aep::base
