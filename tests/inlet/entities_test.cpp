#include "inlet/entities.hpp"

#include <gmock/gmock.h>

#include <string>

#include "inlet/running_inlet.hpp"
#include "inlet/samples.hpp"

namespace aep::inlet {
namespace {

using testing::HasSubstr;

constexpr const char* kSingle = "/collection/abc";
constexpr const char* kBatch = "/collection/batch/abc";

class Kept : public RunningInlet {
  protected:
    void take(std::string_view entity) {
        if (!inlet) start();
        ASSERT_EQ(connect()->post(kSingle, message_of(entity)).status, 200);
    }
    std::string found(const std::string& query) { return connect()->get("/inlet/entities" + query).body; }
};

TEST_F(Kept, EntitiesAreFoundById) {
    take(R"({"_id":"a","n":1})");
    take(R"({"_id":"b","n":2})");
    take(R"({"_id":"a","n":3})");
    EXPECT_EQ(found("?id=a"), R"({"count":2,"entities":[{"_id":"a","n":1},{"_id":"a","n":3}]})");
    EXPECT_EQ(found("?id=c"), R"({"count":0,"entities":[]})");
}

TEST_F(Kept, EntitiesAreFoundByAnyPath) {
    take(R"({"loyalty":{"id":"abc def","points":7},"items":[{"sku":"x"},{"sku":"y"}]})");
    for (const std::string query :
         {"?path=loyalty.id&value=abc%20def", "?path=loyalty.points&value=7", "?path=items.1.sku&value=y"}) {
        EXPECT_THAT(found(query), HasSubstr(R"("count":1)")) << query;
    }
    for (const std::string query :
         {"?path=loyalty.id&value=abc", "?path=loyalty.none&value=7", "?path=items.2.sku&value=y",
          "?path=items.x.sku&value=y", "?path=&value="}) {
        EXPECT_THAT(found(query), HasSubstr(R"("count":0)")) << query;
    }
}

TEST_F(Kept, NewestEntitiesComeWhenThereAreMoreThanTheLimit) {
    for (const std::string id : {"a", "b", "c"}) take(R"({"_id":")" + id + "\"}");
    EXPECT_EQ(found("?limit=2"), R"({"count":3,"entities":[{"_id":"b"},{"_id":"c"}]})");
    EXPECT_EQ(found("?limit=0"), R"({"count":3,"entities":[]})");
    EXPECT_EQ(connect()->get("/inlet/entities?limit=x").status, 400);
}

TEST_F(Kept, OldestEntitiesGo) {
    options.keep = 2;
    for (const std::string id : {"a", "b", "c", "d", "e"}) take(R"({"_id":")" + id + "\"}");
    EXPECT_EQ(found(""), R"({"count":2,"entities":[{"_id":"d"},{"_id":"e"}]})");
    EXPECT_EQ(inlet->stats().accepted, 5U);
}

TEST_F(Kept, NothingIsKeptWhenNothingShall) {
    options.keep = 0;
    take(R"({"_id":"a"})");
    EXPECT_EQ(found(""), R"({"count":0,"entities":[]})");
}

TEST_F(Kept, FileHoldsOneLineForEachAcceptedEntity) {
    options.entities_file = dir / "entities.ndjson";
    start();
    const std::string pretty = "{\n  \"_id\" : \"a b\\n\",\r\n\t\"n\": [ 1.0, 1e3 ]\n}";
    const Answer answer =
        connect()->post(kBatch, batch_of({message_of(pretty), "{}", message_of(R"({"_id":"b"})")}));
    ASSERT_EQ(answer.status, 207);
    EXPECT_EQ(contents(dir / "entities.ndjson"), "{\"_id\":\"a b\\n\",\"n\":[1.0,1e3]}\n{\"_id\":\"b\"}\n");
}

TEST_F(Kept, FileGoesOnAfterARestart) {
    options.entities_file = dir / "entities.ndjson";
    take(R"({"_id":"a"})");
    inlet.reset();
    take(R"({"_id":"b"})");
    EXPECT_EQ(contents(dir / "entities.ndjson"), "{\"_id\":\"a\"}\n{\"_id\":\"b\"}\n");
}

TEST_F(Kept, EntityUnderAnEscapedKeyIsKeptToo) {
    start();
    const std::string message =
        replaced(message_of(R"({"_id":"a"})"), "\"xdmEntity\"", "\"xdm\\u0045ntity\"");
    ASSERT_EQ(connect()->post(kSingle, message).status, 200);
    EXPECT_EQ(found("?id=a"), R"({"count":1,"entities":[{"_id":"a"}]})");
}

TEST_F(Kept, BatchUnderAnEscapedKeyIsKeptToo) {
    start();
    const std::string batch =
        replaced(batch_of({message_of(R"({"_id":"a"})")}), "\"messages\"", "\"mess\\u0061ges\"");
    ASSERT_EQ(connect()->post(kBatch, batch).status, 207);
    EXPECT_EQ(found("?id=a"), R"({"count":1,"entities":[{"_id":"a"}]})");
}

TEST(Entities, SayWhenTheFileIsFull) {
    const auto entities = Entities::open("/dev/full", 10);
    ASSERT_TRUE(entities);
    (*entities)->add(R"({"_id":"a"})");
    const auto committed = (*entities)->commit();
    ASSERT_FALSE(committed);
    EXPECT_THAT(committed.error().message, HasSubstr("/dev/full"));
    EXPECT_EQ((*entities)->find({}), R"({"count":0,"entities":[]})");
}

TEST_F(Kept, MessagesAreNotAcceptedWhenTheFileIsFull) {
    options.entities_file = "/dev/full";
    start();
    EXPECT_EQ(connect()->post(kSingle, message_with_id("a")).status, 503);
    EXPECT_EQ(inlet->stats().accepted, 0U);
}

TEST(EntitiesFile, LosesATornLineWhenItIsOpenedAgain) {
    const TempDir dir;
    const auto file = dir / "entities.ndjson";
    std::ofstream{file} << "{\"a\":1}\n{\"half";
    {
        const auto entities = Entities::open(file, 10);
        ASSERT_TRUE(entities.has_value());
        EXPECT_EQ(contents(file), "{\"a\":1}\n");
    }
    std::ofstream{file} << "{\"only half a line";
    ASSERT_TRUE(Entities::open(file, 10).has_value());
    EXPECT_EQ(contents(file), "");
}

}  // namespace
}  // namespace aep::inlet
