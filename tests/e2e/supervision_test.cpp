#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "harness/agent_process.hpp"
#include "harness/entity_log.hpp"
#include "harness/inlet_process.hpp"
#include "harness/records.hpp"

namespace aep::e2e {
namespace {

/// A service manager's socket, and what has come to it.
class NotifySocket {
  public:
    NotifySocket() {
        name_ = dir_ / "notify";
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, name_.c_str(), sizeof address.sun_path - 1);
        bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
        ::setenv("WATCHDOG_USEC", "4000000", 1);
    }
    ~NotifySocket() {
        ::close(fd_);
        ::unsetenv("NOTIFY_SOCKET");
        ::unsetenv("WATCHDOG_USEC");
    }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    [[nodiscard]] bool bound() const { return bound_; }
    [[nodiscard]] bool has_heard(const std::string& text) {
        char datagram[512];
        for (ssize_t n = 0; (n = ::recv(fd_, datagram, sizeof datagram, MSG_DONTWAIT)) > 0;) {
            heard_ += std::string{datagram, static_cast<std::size_t>(n)} + '\n';
        }
        return heard_.find(text) != std::string::npos;
    }
    [[nodiscard]] const std::string& heard() const { return heard_; }

  private:
    TempDir dir_;
    std::string name_;
    int fd_ = -1;
    bool bound_ = false;
    std::string heard_;
};

TEST(Supervision, TellsTheServiceManagerWhenItRunsWhetherItLivesAndThatItStops) {
    NotifySocket manager;
    ASSERT_TRUE(manager.bound());
    const InletProcess inlet;
    EntityLog entities{inlet.entities_file()};
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 10));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
    EXPECT_TRUE(eventually([&] { return manager.has_heard("READY=1\n"); })) << manager.heard();
    EXPECT_TRUE(eventually([&] { return manager.has_heard("WATCHDOG=1\n"); })) << manager.heard();
    EXPECT_TRUE(eventually([&] { return manager.has_heard("STATUS=read 10, delivered 10, "); }))
        << manager.heard();
    EXPECT_FALSE(manager.has_heard("STOPPING=1\n"));
    EXPECT_EQ(agent.stop(), 0);
    EXPECT_TRUE(manager.has_heard("STOPPING=1\n")) << manager.heard();
}

TEST(Healthcheck, AsksTheRunningDaemon) {
    InletProcess inlet;
    AgentProcess agent;
    append(agent.file("events.ndjson"), event_lines(0, 10));
    agent.start(AgentConfig::to(inlet).file_source("app", agent.file("events.ndjson")));
    const std::string config = agent.file("agent.yaml");
    TempDir dir;
    EXPECT_EQ(run_command({"healthcheck", "-c", config}, dir.path()).exit_code, 0);
    const Outcome ready = run_command({"healthcheck", "--ready", "-c", config}, dir.path());
    EXPECT_EQ(ready.exit_code, 0) << ready.out << ready.err;
    EXPECT_EQ(ready.out, "ready\n");

    inlet.kill();
    append(agent.file("events.ndjson"), event_lines(10, 10));
    EXPECT_TRUE(eventually([&] {
        return run_command({"healthcheck", "--ready", "-c", config}, dir.path()).exit_code == 1;
    }));
    EXPECT_EQ(run_command({"healthcheck", "-c", config}, dir.path()).exit_code, 0);

    agent.process().kill();
    const Outcome gone = run_command({"healthcheck", "-c", config}, dir.path());
    EXPECT_EQ(gone.exit_code, 1);
    EXPECT_NE(gone.err.find("no answer"), std::string::npos) << gone.err;
}

}  // namespace
}  // namespace aep::e2e
