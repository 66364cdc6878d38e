#include "app/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace aep::app {
namespace {

/// The service manager's end.
class Listener {
  public:
    explicit Listener(const std::string& name) : name_{name} {
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name[0] == '@') address.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        bound_ = ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0;
    }
    ~Listener() {
        ::close(socket_);
        if (name_[0] == '/') ::unlink(name_.c_str());
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] bool bound() const { return bound_; }
    /// Empty where nothing has come.
    [[nodiscard]] std::string heard() const {
        char text[256];
        const ssize_t size = ::recv(socket_, text, sizeof text, MSG_DONTWAIT);
        return size < 0 ? "" : std::string{text, static_cast<std::size_t>(size)};
    }

  private:
    std::string name_;
    int socket_ = -1;
    bool bound_ = false;
};

class ServiceManagerTest : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        name_ = std::string{GetParam()} + "aep-notify-" + std::to_string(::getpid());
        ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
    }
    void TearDown() override {
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    }
    std::string name_;
};

TEST_P(ServiceManagerTest, HearsHowTheDaemonIs) {
    const Listener listener{name_};
    ASSERT_TRUE(listener.bound());
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ServiceManager manager = ServiceManager::from_environment();
    ASSERT_TRUE(manager.alive_every());
    EXPECT_EQ(manager.alive_every()->count(), 1500);
    manager.ready();
    EXPECT_EQ(listener.heard(), "READY=1");
    manager.status("read 5");
    EXPECT_EQ(listener.heard(), "STATUS=read 5");
    manager.alive();
    EXPECT_EQ(listener.heard(), "WATCHDOG=1");
    manager.reloading();
    EXPECT_TRUE(listener.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    manager.stopping();
    EXPECT_EQ(listener.heard(), "STOPPING=1");
}

TEST_P(ServiceManagerTest, IsFedOnlyByTheProcessThatItWatches) {
    const Listener listener{name_};
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    ServiceManager manager = ServiceManager::from_environment();
    EXPECT_FALSE(manager.alive_every());
    manager.alive();
    EXPECT_EQ(listener.heard(), "");
}

TEST_P(ServiceManagerTest, IsNotWaitedForWhereNobodyListens) {
    ServiceManager manager = ServiceManager::from_environment();
    manager.ready();
}

INSTANTIATE_TEST_SUITE_P(At, ServiceManagerTest, testing::Values("/tmp/", "@"), [](const auto& given) {
    return given.param[0] == '@' ? "AnAbstractName" : "APath";
});

TEST(ServiceManager, IsNotNeeded) {
    for (const char* wrong : {"", "relative", "/"}) {
        ::setenv("NOTIFY_SOCKET",
                 (std::string{wrong} + (wrong[0] == '/' ? std::string(200, 'x') : "")).c_str(), 1);
        ServiceManager manager = ServiceManager::from_environment();
        manager.ready();
        EXPECT_FALSE(manager.alive_every());
    }
}

}  // namespace
}  // namespace aep::app
