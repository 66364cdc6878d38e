#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace aep::e2e {

/// A small HTTP proxy on this host: CONNECT alone, a thread for each connection. Whatever host it is asked
/// for, it leads to that port of this one, as if its name servers said so. Knows nothing of the agent's own
/// code.
class ConnectProxy {
  public:
    /// With `credentials` (USER:PASSWORD) it answers 407 to whoever brings no others.
    explicit ConnectProxy(std::string credentials = "");
    ~ConnectProxy();
    ConnectProxy(const ConnectProxy&) = delete;
    ConnectProxy& operator=(const ConnectProxy&) = delete;

    /// What the agent is told; with the credentials.
    [[nodiscard]] std::string url() const;
    /// Answers every CONNECT with this status from now on; 0: does its job.
    void refuse_with(int status) { refusal_ = status; }
    /// CONNECT requests so far: "HOST:PORT".
    [[nodiscard]] std::vector<std::string> asked() const;

  private:
    void accept_all();
    void serve(int client);
    [[nodiscard]] int answer_to(const std::string& head) const;

    const std::string credentials_;
    std::atomic<int> refusal_{0};
    std::atomic<bool> stopping_{false};
    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;  ///< of the next two
    std::vector<std::string> asked_;
    std::list<int> open_;
    std::list<std::thread> threads_;  ///< the acceptor's, until it has ended
    std::thread acceptor_;
};

}  // namespace aep::e2e
