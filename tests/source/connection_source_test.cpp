#include "source/connection_source.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <deque>
#include <set>
#include <thread>

#include "fixture.hpp"
#include "test_client.hpp"

namespace aep::source {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAreArray;

class ConnectionSourceTest : public SourceTest {
  protected:
    ConnectionSourceTest() {
        options_.type = SourceOptions::Type::Tcp;
        options_.listen = "127.0.0.1:0";
    }
    ~ConnectionSourceTest() override {
        if (source_) source_->stop();
    }
    ConnectionSourceTest(const ConnectionSourceTest&) = delete;
    ConnectionSourceTest& operator=(const ConnectionSourceTest&) = delete;

    void open() {
        auto listener = ListeningSocket::open(options_);
        ASSERT_TRUE(listener) << listener.error().message;
        address_ = listener->address();
        start(std::make_unique<ConnectionSource>(options_, surroundings(), std::move(*listener), nullptr,
                                                 times_));
    }
    [[nodiscard]] double metric(const std::string& name, const std::string& more = "") const {
        const std::string line = "aep_agent_source_" + name + "{" + more + "source=\"test\"} ";
        const std::string page = metrics_.text();
        const std::size_t at = page.find(line);
        return at == std::string::npos ? 0 : std::stod(page.substr(at + line.size()));
    }
    [[nodiscard]] double closed(const std::string& reason) const {
        return metric("connections_closed_total", "reason=\"" + reason + "\",");
    }
    [[nodiscard]] bool all_closed() const {
        return eventually([&] { return metric("connections") == 0; });
    }

    std::string address_;
    ConnectionSource::Times times_;
};

TEST_F(ConnectionSourceTest, ReadsTheLinesOfAConnection) {
    open();
    TestClient client{address_};
    const std::string name = client.name();
    client.send("{\"a\":1}\r\n\n{\"b\"");
    ASSERT_TRUE(sees({"{\"a\":1}"}));
    client.send(":2}\nlast");
    ASSERT_TRUE(sees({"{\"a\":1}", "{\"b\":2}"}));
    client.close();
    ASSERT_TRUE(sees({"{\"a\":1}", "{\"b\":2}", "last"}));
    const auto kept = sink_.kept();
    EXPECT_EQ(kept[1].position, 10U);
    EXPECT_EQ(kept[2].position, 18U);
    EXPECT_EQ(kept[0].origin->name, name);
    EXPECT_EQ(kept[0].peer, name);
    EXPECT_TRUE(all_closed());
    EXPECT_EQ(closed("closed"), 1);
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(ConnectionSourceTest, GivesConnectionsGenerationsOfTheirOwn) {
    open();
    for (int i = 0; i < 20; ++i) {
        TestClient client{address_};
        client.send("same\n");
    }
    ASSERT_TRUE(eventually([&] { return sink_.count() == 20; }));
    std::set<std::string> generations;
    std::set<std::uint64_t> readers;
    for (const auto& kept : sink_.kept()) {
        generations.insert(kept.origin->generation);
        readers.insert(kept.origin->reader);
    }
    EXPECT_EQ(generations.size(), 20U);
    EXPECT_EQ(readers.size(), 20U);
}

TEST_F(ConnectionSourceTest, ListensOnIpv6) {
    options_.listen = "[::1]:0";
    auto listener = ListeningSocket::open(options_);
    if (!listener) GTEST_SKIP() << "no IPv6 here: " << listener.error().message;
    EXPECT_THAT(listener->address(), testing::StartsWith("[::1]:"));
}

TEST_F(ConnectionSourceTest, LosesWhatAResetCutsOffAndCountsIt) {
    open();
    TestClient client{address_};
    client.send("one\nhalf");
    ASSERT_TRUE(sees({"one"}));
    client.reset();
    ASSERT_TRUE(all_closed());
    EXPECT_EQ(closed("broken"), 1);
    EXPECT_TRUE(eventually([&] { return source_->lost_bytes() == 4U; }));
    EXPECT_TRUE(sees({"one"}));
}

TEST_F(ConnectionSourceTest, TakesOneBlockOfEachInTurn) {
    options_.gather = base::Millis{0};
    sink_.settle_at_once();
    open();
    std::atomic<bool> stop = false;
    std::thread busy{[&] {
        TestClient client{address_};
        const std::string lines(1 << 16, '\n');
        while (!stop && client.send("busy" + lines)) {
        }
    }};
    TestClient slow{address_};
    for (const char c : std::string_view{"slow\n"}) {
        slow.send({&c, 1});
        std::this_thread::yield();
    }
    EXPECT_TRUE(eventually([&] { return !sink_.texts_of(slow.name()).empty(); }));
    EXPECT_THAT(sink_.texts_of(slow.name()), ElementsAre("slow"));
    stop = true;
    busy.join();
}

TEST_F(ConnectionSourceTest, ReadsOnBehindAnUrgentByte) {
    open();
    TestClient client{address_};
    client.send("be");
    ASSERT_EQ(::send(client.fd(), "f", 1, MSG_OOB), 1);
    client.send("ore\n");
    ASSERT_TRUE(sees({"before"}));
    ASSERT_EQ(::send(client.fd(), "x", 1, MSG_OOB), 1);
    client.close();
    EXPECT_TRUE(sees({"before", "x"}));
}

TEST_F(ConnectionSourceTest, ReadsCountedRecords) {
    options_.framing = Framing::OctetCounting;
    open();
    TestClient client{address_};
    client.send("2 {}3 a\nb1");
    ASSERT_TRUE(sees({"{}", "a\nb"}));
    client.send("0 0123456789");
    ASSERT_TRUE(sees({"{}", "a\nb", "0123456789"}));
    client.close();
    ASSERT_TRUE(all_closed());
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(ConnectionSourceTest, ClosesAConnectionWhoseCountIsNone) {
    options_.framing = Framing::OctetCounting;
    open();
    TestClient client{address_};
    client.send("2 {}garbage");
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(sees({"{}"}));
    EXPECT_EQ(closed("bad_frame"), 1);
    EXPECT_TRUE(eventually([&] { return source_->lost_bytes() == 7U; }));
    TestClient next{address_};
    next.send("1 x");
    EXPECT_TRUE(sees({"{}", "x"}));
}

TEST_F(ConnectionSourceTest, MakesNoRecordOfAFrameThatIsCutOff) {
    options_.framing = Framing::OctetCounting;
    open();
    TestClient client{address_};
    client.send("2 {}10 {\"a\"");
    client.close();
    ASSERT_TRUE(eventually([&] { return closed("closed") == 1; }));
    EXPECT_TRUE(sees({"{}"}));
    EXPECT_TRUE(eventually([&] { return source_->lost_bytes() == 4U; }));
}

TEST_F(ConnectionSourceTest, RefusesMoreThanMaxConnections) {
    options_.max_connections = 2;
    open();
    TestClient first{address_};
    TestClient second{address_};
    first.send("first\n");
    second.send("second\n");
    ASSERT_TRUE(eventually([&] { return sink_.count() == 2; }));
    TestClient third{address_};
    EXPECT_TRUE(third.is_closed());
    EXPECT_EQ(metric("connections_refused_total"), 1);
    first.close();
    ASSERT_TRUE(eventually([&] { return metric("connections") == 1; }));
    TestClient fourth{address_};
    fourth.send("fourth\n");
    EXPECT_TRUE(eventually([&] { return sink_.count() == 3; }));
}

TEST_F(ConnectionSourceTest, ClosesASilentConnectionAndKeepsItsUnfinishedRecord) {
    options_.idle_timeout = base::Millis{200};
    open();
    TestClient client{address_};
    client.send("one\nunfinished");
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(sees({"one", "unfinished"}));
    EXPECT_EQ(closed("idle"), 1);
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(ConnectionSourceTest, MakesSendersWaitWhileThereIsNoMemory) {
    limit_memory(1'000'000);
    // Shorter than the wait: bytes that wait to be read are no silence.
    options_.idle_timeout = base::Millis{100};
    open();
    constexpr int kLines = 40'000;
    std::atomic<int> written = 0;
    std::deque<std::thread> senders;
    for (int i = 0; i < 2; ++i) {
        senders.emplace_back([&] {
            TestClient client{address_};
            for (int line = 0; line < kLines; ++line) {
                ASSERT_TRUE(client.send(std::string(499, 'x') + "\n"));
            }
            ++written;
        });
    }
    EXPECT_TRUE(eventually([&] { return share_->used() > 500'000; }));
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(written, 0);
    EXPECT_LT(sink_.most_memory(), 1'500'000U);
    sink_.settle_at_once();
    EXPECT_TRUE(eventually([&] { return sink_.count() == 2U * kLines; })) << sink_.count();
    for (std::thread& sender : senders) sender.join();
    EXPECT_EQ(source_->lost_bytes(), 0U);
}

TEST_F(ConnectionSourceTest, BoundsWhatUnfinishedRecordsHold) {
    limit_memory(std::size_t{16} << 20U);
    sink_.settle_at_once();
    open();
    constexpr std::size_t kClients = 40;
    const std::string half(400'000, 'h');
    std::deque<std::thread> senders;
    std::atomic<bool> go_on = false;
    for (std::size_t i = 0; i < kClients; ++i) {
        senders.emplace_back([&] {
            TestClient client{address_};
            client.send(half);
            eventually([&] { return go_on.load(); });
            client.send(half + "\n");
        });
    }
    // 16 MB of halves are on their way; what is held stays near the budget.
    EXPECT_TRUE(eventually([&] { return share_->used() > LongRecords::kBudget; }));
    for (int look = 0; look < 50; ++look) {
        EXPECT_LT(share_->used(), std::size_t{5} << 20U);
        std::this_thread::sleep_for(5ms);
    }
    go_on = true;
    EXPECT_TRUE(eventually([&] { return sink_.count() == kClients; })) << sink_.count();
    for (std::thread& sender : senders) sender.join();
    for (const auto& kept : sink_.kept()) EXPECT_EQ(kept.text.size(), 2 * half.size());
    EXPECT_TRUE(all_closed());
    EXPECT_EQ(share_->used(), 0U);
}

TEST_F(ConnectionSourceTest, GivesUpALongRecordThatStallsWhileOthersWait) {
    times_.long_record = 100ms;
    sink_.settle_at_once();
    open();
    const std::string half(900'000, 'h');
    TestClient stalls{address_};
    ASSERT_TRUE(stalls.send(half));
    ASSERT_TRUE(eventually([&] { return share_->used() >= half.size(); }));
    TestClient waits{address_};
    ASSERT_TRUE(waits.send(half));
    ASSERT_TRUE(eventually([&] { return share_->used() > LongRecords::kBudget; }));
    ASSERT_TRUE(waits.send("end\n"));
    ASSERT_TRUE(eventually([&] { return sink_.count() == 1; }));
    EXPECT_EQ(sink_.kept()[0].text.size(), half.size() + 3);
    EXPECT_EQ(sink_.kept()[0].peer, waits.name());
    EXPECT_TRUE(stalls.is_closed());
    EXPECT_EQ(closed("stalled"), 1);
    EXPECT_EQ(source_->lost_bytes(), half.size());
}

TEST_F(ConnectionSourceTest, GivesUpRecordsThatStallWhereThoseOfSeveralSourcesTakeAllMemory) {
    limit_memory(std::size_t{1} << 20U);
    times_.long_record = 100ms;
    sink_.settle_at_once();
    std::vector<std::string> addresses;
    std::vector<std::unique_ptr<Source>> sources;
    for (int i = 0; i < 3; ++i) {
        auto listener = ListeningSocket::open(options_);
        ASSERT_TRUE(listener) << listener.error().message;
        addresses.push_back(listener->address());
        sources.push_back(std::make_unique<ConnectionSource>(options_, surroundings(), std::move(*listener),
                                                             nullptr, times_));
        sources.back()->start();
    }
    std::deque<TestClient> hostile;
    for (std::size_t i = 0; i < 600; ++i) {
        hostile.emplace_back(addresses[i % 3]);
        ASSERT_TRUE(hostile.back().send(std::string(3'500, 'x')));
    }
    ASSERT_TRUE(eventually([&] { return share_->used() > budget_->limit() / 2; }));
    for (const std::string& address : addresses) {
        TestClient client{address};
        ASSERT_TRUE(client.send("good\n"));
        client.close();
    }
    EXPECT_TRUE(eventually([&] { return sink_.count() == 3; })) << sink_.count();
    EXPECT_GT(closed("stalled"), 0);
    for (const auto& source : sources) source->stop();
}

TEST_F(ConnectionSourceTest, HoldsLittleForManyQuietConnections) {
    sink_.settle_at_once();
    open();
    std::deque<TestClient> clients;
    for (int i = 0; i < 500; ++i) {
        clients.emplace_back(address_);
        clients.back().send("one\n" + std::string(3'000, 'x'));
    }
    ASSERT_TRUE(eventually([&] { return sink_.count() == 500; })) << sink_.count();
    EXPECT_TRUE(eventually([&] { return share_->used() <= 500U * 4096U; })) << share_->used();
    EXPECT_EQ(metric("connections"), 500);
    for (TestClient& client : clients) client.send("\n");
    EXPECT_TRUE(eventually([&] { return sink_.count() == 1000; })) << sink_.count();
    EXPECT_TRUE(eventually([&] { return share_->used() == 0; }));
}

TEST_F(ConnectionSourceTest, MakesATooLongRecordADeadLettersBeginning) {
    options_.max_record = 10'000;
    open();
    TestClient client{address_};
    client.send(std::string(300'000, 'b') + "\nnext\n");
    ASSERT_TRUE(sees({std::string(4096, 'b'), "next"}));
    EXPECT_EQ(sink_.kept()[0].oversized, 300'000U);
}

TEST_F(ConnectionSourceTest, ReadsWhatHasArrivedWhenItStops) {
    auto listener = ListeningSocket::open(options_);
    ASSERT_TRUE(listener);
    const std::string address = listener->address();
    source_ =
        std::make_unique<ConnectionSource>(options_, surroundings(), std::move(*listener), nullptr, times_);
    TestClient open_one{address};
    TestClient closed_one{address};
    open_one.send("open\nhalf");
    closed_one.send("closed");
    closed_one.close();
    source_->start();
    source_->stop();
    EXPECT_THAT(sink_.texts(), UnorderedElementsAreArray({"open", "closed"}));
    EXPECT_TRUE(open_one.is_closed());
    EXPECT_TRUE(eventually([&] { return source_->lost_bytes() == 4U; }));
    EXPECT_EQ(closed("stopped"), 1);
    EXPECT_THROW(TestClient{address}, std::runtime_error);
}

TEST_F(ConnectionSourceTest, StopsWhileItWaitsForMemory) {
    limit_memory(100'000);
    open();
    TestClient client{address_};
    std::thread sender{[&] {
        while (client.send(std::string(999, 'x') + "\n")) {
        }
    }};
    EXPECT_TRUE(eventually([&] { return share_->used() > 50'000; }));
    source_->stop();
    client.finish();
    sender.join();
}

TEST_F(ConnectionSourceTest, SaysWhoHasItsAddress) {
    open();
    options_.listen = address_;
    const auto second = make_source(options_, surroundings(), {});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("source 'test': cannot listen at 127.0.0.1:"));
    EXPECT_THAT(second.error().message, HasSubstr("another process has it"));
}

}  // namespace
}  // namespace aep::source
