#include "source/listening_socket.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "fixture.hpp"
#include "test_client.hpp"

namespace aep::source {
namespace {

using testing::HasSubstr;
using Type = SourceOptions::Type;

class UnixSocketTest : public SourceTest, public testing::WithParamInterface<Type> {
  protected:
    UnixSocketTest() {
        options_.type = GetParam();
        options_.path = path("app.sock");
    }
    [[nodiscard]] int type() const { return GetParam() == Type::UnixStream ? SOCK_STREAM : SOCK_DGRAM; }
    [[nodiscard]] bool exists() const { return std::filesystem::exists(options_.path); }
    [[nodiscard]] std::string refusal() const {
        const auto socket = ListeningSocket::open(options_);
        return socket ? "(none)" : socket.error().message;
    }
};

INSTANTIATE_TEST_SUITE_P(, UnixSocketTest, testing::Values(Type::UnixStream, Type::UnixDatagram),
                         [](const auto& test) {
                             return test.param == Type::UnixStream ? "Stream" : "Datagram";
                         });

TEST_P(UnixSocketTest, HasTheFileWhileItIsOpen) {
    {
        const auto socket = ListeningSocket::open(options_);
        ASSERT_TRUE(socket) << socket.error().message;
        EXPECT_EQ(socket->address(), options_.path.string());
        EXPECT_TRUE(exists());
    }
    EXPECT_FALSE(exists());
}

TEST_P(UnixSocketTest, HasThePermissionsWhateverTheUmaskIs) {
    for (const unsigned permissions : {0600U, 0660U, 0666U}) {
        options_.permissions = permissions;
        const mode_t before = ::umask(077);
        const auto socket = ListeningSocket::open(options_);
        ::umask(before);
        ASSERT_TRUE(socket);
        struct stat status {};
        ASSERT_EQ(::stat(options_.path.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777U, permissions);
    }
}

TEST_P(UnixSocketTest, TakesThePlaceOfOneThatNobodyListensAt) {
    {
        const Descriptor dead{::socket(AF_UNIX, type(), 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        options_.path.native().copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ASSERT_TRUE(exists());
    const auto socket = ListeningSocket::open(options_);
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_NO_THROW(connect_to_path(type(), options_.path));
}

TEST_P(UnixSocketTest, LeavesOneThatSomeoneListensAt) {
    const auto first = ListeningSocket::open(options_);
    ASSERT_TRUE(first);
    EXPECT_THAT(refusal(), HasSubstr("another process listens there"));
    options_.type = GetParam() == Type::UnixStream ? Type::UnixDatagram : Type::UnixStream;
    EXPECT_THAT(refusal(), HasSubstr("another process listens there"));
    EXPECT_NO_THROW(connect_to_path(type(), options_.path));
}

TEST_P(UnixSocketTest, LeavesAnythingElse) {
    append("app.sock", "precious");
    EXPECT_THAT(refusal(), HasSubstr("a file that is no socket is there; remove it, or choose another path"));
    EXPECT_TRUE(exists());
}

TEST_P(UnixSocketTest, DoesNotRemoveTheFileOfItsSuccessor) {
    auto first = ListeningSocket::open(options_);
    ASSERT_TRUE(first);
    std::filesystem::rename(options_.path, path("moved.sock"));
    const auto second = ListeningSocket::open(options_);
    ASSERT_TRUE(second);
    first->close();
    EXPECT_TRUE(exists());
}

TEST_P(UnixSocketTest, SaysWhatIsWrongWithItsPath) {
    options_.path = path("no/such/app.sock");
    EXPECT_THAT(refusal(), HasSubstr("No such file or directory; make its directory first"));
    options_.path = path(std::string(120, 'x'));
    EXPECT_THAT(refusal(), HasSubstr("the path is too long"));
}

}  // namespace
}  // namespace aep::source
