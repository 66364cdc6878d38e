#include "http/look_up.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/error.hpp"

namespace aep::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Endpoints = std::vector<tcp::endpoint>;

constexpr std::size_t kMostAddresses = 8;

base::Error cannot_look_up(const Authority& host, const std::string& why) {
    return {fmt::format("{} cannot be looked up: {}", host.host, why), Errc::LookUp};
}

/// Blocks, for as long as the system likes.
base::Result<Endpoints> ask_system(const Authority& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* first = nullptr;
    const int problem = ::getaddrinfo(host.host.c_str(), std::to_string(host.port).c_str(), &hints, &first);
    if (problem == EAI_SYSTEM) return cannot_look_up(host, base::system_message(errno));
    if (problem != 0) return cannot_look_up(host, ::gai_strerror(problem));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{first, ::freeaddrinfo};
    Endpoints endpoints;
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
        tcp::endpoint endpoint;
        if (endpoints.size() == kMostAddresses || entry->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
        endpoint.resize(entry->ai_addrlen);
        endpoints.push_back(endpoint);
    }
    if (endpoints.empty()) return cannot_look_up(host, "it has no address");
    return endpoints;
}

/// A coroutine that waits for a look-up. All but `executor` is confined to that.
struct Waiter {
    explicit Waiter(const asio::any_io_executor& its_executor)
        : executor{its_executor}, timer{its_executor, asio::steady_timer::time_point::max()} {}
    const asio::any_io_executor executor;
    asio::steady_timer timer;
    std::optional<base::Result<Endpoints>> found;
    bool left = false;  ///< it waits no longer
};

/// The look-ups that are under way, with those who wait for them. Guarded. Shared by their threads, which may
/// outlive everything else.
class LookUps : public std::enable_shared_from_this<LookUps> {
  public:
    static std::shared_ptr<LookUps> of_process() {
        static const auto kAll = std::make_shared<LookUps>();
        return kAll;
    }

    /// Joins the look-up of this host, or begins one. Fails where there can be no more threads.
    base::Result<void> join(const Authority& host, const std::shared_ptr<Waiter>& waiter) {
        const std::lock_guard lock{mutex_};
        const auto known = running_.try_emplace(host.to_string()).first;
        LookUp& look_up = known->second;
        look_up.waiters.push_back(waiter);
        const base::SteadyTime now = base::SteadyClock::now();
        const bool hangs = now - look_up.begun >= kHangs && look_up.threads < kMostThreads;
        if (look_up.threads > 0 && !hangs) return {};
        try {
            std::thread{[all = shared_from_this(), host] { all->finish(host, ask_system(host)); }}.detach();
            ++look_up.threads;
            look_up.begun = now;
            return {};
        } catch (const std::system_error& error) {
            if (look_up.threads == 0) running_.erase(known);
            return cannot_look_up(host, error.what());
        }
    }

    /// After it the waiter's executor is not touched any more.
    void leave(const Authority& host, const std::shared_ptr<Waiter>& waiter) {
        const std::lock_guard lock{mutex_};
        const auto known = running_.find(host.to_string());
        if (known != running_.end()) std::erase(known->second.waiters, waiter);
    }

  private:
    /// One that takes so long may never end: then another try is due.
    static constexpr std::chrono::seconds kHangs{30};
    static constexpr unsigned kMostThreads = 4;

    struct LookUp {
        std::vector<std::shared_ptr<Waiter>> waiters;
        base::SteadyTime begun = {};  ///< the newest thread
        unsigned threads = 0;
    };

    void finish(const Authority& host, const base::Result<Endpoints>& found) {
        const std::lock_guard lock{mutex_};
        const auto known = running_.find(host.to_string());
        // Under the lock: who has not left yet has an executor that still runs.
        for (const auto& waiter : std::exchange(known->second.waiters, {})) {
            asio::post(waiter->executor, [waiter, found] {
                if (waiter->left) return;
                waiter->found = found;
                waiter->timer.cancel();
            });
        }
        if (--known->second.threads == 0) running_.erase(known);
    }

    std::mutex mutex_;
    std::map<std::string, LookUp> running_;
};

/// Leaves when the waiting coroutine ends, in whatever way. `host` outlives it.
class Membership {
  public:
    Membership(const Authority& host, const std::shared_ptr<Waiter>& waiter) : host_{host}, waiter_{waiter} {}
    ~Membership() {
        waiter_->left = true;
        LookUps::of_process()->leave(host_, waiter_);
    }
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

  private:
    const Authority& host_;
    const std::shared_ptr<Waiter> waiter_;
};

base::Error timed_out(const Authority& host, base::Millis limit) {
    return {fmt::format("timed out after {} while looking {} up; check the name servers",
                        base::format_duration(limit), host.host),
            Errc::LookUp};
}

base::Result<Endpoints> only(const Authority& address) {
    return Endpoints{tcp::endpoint{asio::ip::make_address(address.host), address.port}};
}

}  // namespace

asio::awaitable<base::Result<Endpoints>> look_up(const Authority& host, base::Millis limit,
                                                 Deadline& deadline) {
    if (host.is_address) co_return only(host);
    const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
    const Membership membership{host, waiter};
    if (const auto joined = LookUps::of_process()->join(host, waiter); !joined) co_return joined.error();
    bool over = false;
    const Deadline::Step step = deadline.begin(limit, [&waiter, &over] {
        over = true;
        waiter->timer.cancel();
    });
    while (!waiter->found && !over) {
        const auto [ignored] = co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)ignored;
    }
    if (deadline.aborted()) co_return base::Error{"stopped", Errc::Stopped};
    if (!waiter->found) co_return timed_out(host, limit);
    co_return std::move(*waiter->found);
}

}  // namespace aep::http
