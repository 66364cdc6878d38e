#include "source/datagram_source.hpp"

#include <gmock/gmock.h>

#include <set>

#include "fixture.hpp"
#include "test_client.hpp"

namespace aep::source {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DatagramSourceTest : public SourceTest {
  protected:
    DatagramSourceTest() {
        options_.type = SourceOptions::Type::Udp;
        options_.listen = "127.0.0.1:0";
        options_.receive_buffer = 65'536;
    }
    ~DatagramSourceTest() override {
        if (source_) source_->stop();
    }
    DatagramSourceTest(const DatagramSourceTest&) = delete;
    DatagramSourceTest& operator=(const DatagramSourceTest&) = delete;

    /// Bound, but not started: what is sent waits.
    void bind() {
        auto socket = ListeningSocket::open(options_);
        ASSERT_TRUE(socket) << socket.error().message;
        address_ = socket->address();
        source_ = std::make_unique<DatagramSource>(options_, surroundings(), std::move(*socket));
    }
    void open() {
        bind();
        source_->start();
    }
    void use_unix() {
        options_.type = SourceOptions::Type::UnixDatagram;
        options_.path = path("s.sock");
    }
    [[nodiscard]] TestClient client() const {
        return TestClient{options_.type == SourceOptions::Type::Udp ? connect_to(SOCK_DGRAM, address_)
                                                                    : connect_to_path(SOCK_DGRAM, address_)};
    }
    [[nodiscard]] double dropped() const {
        const std::string line = "aep_agent_udp_dropped_total{source=\"test\"} ";
        const std::string page = metrics_.text();
        return std::stod(page.substr(page.find(line) + line.size()));
    }

    std::string address_;
};

TEST_F(DatagramSourceTest, MakesEachDatagramARecord) {
    bind();
    TestClient sender = client();
    for (const char* text : {"{\"a\":1}\n", "two\nlines\r\n", "\n", " ", "", "last"}) sender.send(text);
    ::send(sender.fd(), "", 0, 0);
    sender.send("end");
    source_->start();
    ASSERT_TRUE(sees({"{\"a\":1}", "two\nlines", "last", "end"}));
    const auto kept = sink_.kept();
    EXPECT_EQ(kept[0].position, 0U);
    EXPECT_EQ(kept[1].position, 8U);
    EXPECT_EQ(kept[2].position, 21U);
    EXPECT_EQ(kept[3].position, 25U);
    EXPECT_EQ(kept[0].origin->name, address_);
}

TEST_F(DatagramSourceTest, KnowsTheSenderOfEach) {
    bind();
    TestClient one = client();
    TestClient two = client();
    one.send("from one");
    two.send("from two");
    one.send("from one again");
    source_->start();
    ASSERT_TRUE(sees({"from one", "from two", "from one again"}));
    const auto kept = sink_.kept();
    EXPECT_EQ(kept[0].peer, one.name());
    EXPECT_EQ(kept[1].peer, two.name());
    EXPECT_EQ(kept[2].peer, one.name());
}

TEST_F(DatagramSourceTest, ReadsManyMoreThanOneBatch) {
    options_.receive_buffer = std::size_t{4} << 20U;
    bind();
    TestClient sender = client();
    for (int i = 0; i < 1'000; ++i) sender.send("record " + std::to_string(i));
    source_->start();
    ASSERT_TRUE(eventually([&] { return sink_.count() + static_cast<std::size_t>(dropped()) == 1'000; }));
    std::set<std::uint64_t> positions;
    for (const auto& kept : sink_.kept()) positions.insert(kept.position);
    EXPECT_EQ(positions.size(), sink_.count());
}

TEST_F(DatagramSourceTest, CountsEveryDatagramThatTheKernelDrops) {
    options_.receive_buffer = 8'192;
    bind();
    TestClient sender = client();
    for (int i = 0; i < 500; ++i) sender.send(std::string(200, 'x'));
    source_->start();
    EXPECT_TRUE(eventually([&] { return sink_.count() + static_cast<std::size_t>(dropped()) == 500; }))
        << sink_.count() << " + " << dropped();
    EXPECT_GT(dropped(), 0);
}

TEST_F(DatagramSourceTest, KeepsTheBeginningOfATooLongOne) {
    options_.max_record = 5'000;
    bind();
    TestClient sender = client();
    sender.send(std::string(5'000, 'a') + "\n");
    sender.send(std::string(5'001, 'b'));
    sender.send(std::string(60'000, 'c'));
    source_->start();
    ASSERT_TRUE(sees({std::string(5'000, 'a'), std::string(4'096, 'b'), std::string(4'096, 'c')}));
    EXPECT_EQ(sink_.kept()[1].oversized, 5'001U);
    EXPECT_EQ(sink_.kept()[2].oversized, 60'000U);
}

TEST_F(DatagramSourceTest, TakesALongestUdpDatagram) {
    options_.receive_buffer = std::size_t{1} << 20U;
    open();
    client().send(std::string(65'507, 'x'));
    ASSERT_TRUE(eventually([&] { return sink_.count() == 1; }));
    EXPECT_EQ(sink_.texts()[0].size(), 65'507U);
}

TEST_F(DatagramSourceTest, DoesNotReadWhileThereIsNoMemory) {
    limit_memory(100'000);
    options_.receive_buffer = 16'384;
    open();
    TestClient sender = client();
    EXPECT_TRUE(eventually([&] {
        sender.send(std::string(1'000, 'x'));
        return share_->used() > 90'000;
    }));
    EXPECT_LT(sink_.most_memory(), 200'000U);
    sink_.settle_at_once();
    sender.send("end");
    EXPECT_TRUE(eventually([&] {
        sender.send("end");
        return !sink_.texts().empty() && sink_.texts().back() == "end";
    }));
}

TEST_F(DatagramSourceTest, ReadsWhatHasArrivedWhenItStops) {
    bind();
    TestClient sender = client();
    for (int i = 0; i < 10; ++i) sender.send("record");
    source_->start();
    source_->stop();
    EXPECT_EQ(sink_.count(), 10U);
}

TEST_F(DatagramSourceTest, ReadsAUnixSocket) {
    use_unix();
    open();
    const std::string big(100'000, 'b');
    TestClient sender = client();
    EXPECT_TRUE(sender.send("one\n"));
    EXPECT_TRUE(sender.send(big));
    ASSERT_TRUE(sees({"one", big}));
    EXPECT_EQ(sink_.kept()[0].peer,
              "pid " + std::to_string(::getpid()) + " uid " + std::to_string(::getuid()));
    EXPECT_EQ(sink_.kept()[0].origin->name, path("s.sock"));
    source_->stop();
    EXPECT_FALSE(std::filesystem::exists(path("s.sock")));
}

TEST_F(DatagramSourceTest, RefusesDescriptorsThatAreSentAlong) {
    use_unix();
    open();
    TestClient sender = client();
    const auto open_descriptors = [] {
        return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
    };
    const auto before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        std::string text = "with a descriptor";
        iovec part{.iov_base = text.data(), .iov_len = text.size()};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        const int fd = sender.fd();
        std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
        ASSERT_GT(::sendmsg(sender.fd(), &message, 0), 0);
    }
    ASSERT_TRUE(eventually([&] { return sink_.count() == 20; }));
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_THAT(sink_.kept()[0].peer, StartsWith("pid "));
}

TEST_F(DatagramSourceTest, SaysWhoHasItsAddress) {
    open();
    options_.listen = address_;
    const auto second = make_source(options_, surroundings(), {});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("another process has it"));
}

}  // namespace
}  // namespace aep::source
