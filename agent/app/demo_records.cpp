#include "app/demo_records.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string_view>

namespace aep::app {
namespace {

constexpr std::array<std::string_view, 8> kFirstNames{"Amara", "Björn", "Chloé", "Dmitri",
                                                      "Elif",  "Farid", "Grace", "Hiroshi"};
constexpr std::array<std::string_view, 7> kLastNames{"Okafor", "Lindqvist", "Moreau", "Sokolov",
                                                     "Yılmaz", "O'Brien",   "Tanaka"};
constexpr std::array<std::string_view, 4> kLevels{"Silver", "Gold", "Platinum", "Diamond"};
constexpr std::uint64_t kMembers = 5000;

std::string member_id(std::uint64_t number) {
    return fmt::format("member{:05}@example.com", number % kMembers);
}

std::string_view level_of(std::uint64_t points) {
    return kLevels[points < 10'000 ? 0 : points < 40'000 ? 1 : points < 90'000 ? 2 : 3];
}

std::uint64_t points_of(std::uint64_t number) {
    return number * 7919 % 120'000 / 50 * 50;
}

std::string event(std::string_view id, std::uint64_t number, std::string_view time) {
    const std::uint64_t earned = 50 + number * 31 % 20 * 50;
    const std::uint64_t total = points_of(number) + earned;
    return fmt::format(
        R"({{"_acme":{{"loyaltyID":"{}","pointsEarned":{},"totalPoints":{},"loyaltyLevel":"{}"}},)"
        R"("eventType":"{}",{}"timestamp":"{}"}})"
        "\n",
        member_id(number), earned, total, level_of(total),
        number % 5 == 0 ? "loyaltyLevelUpdate" : "loyaltyBalanceUpdate", id, time);
}

}  // namespace

std::string demo_event(std::uint64_t number, base::WallTime time) {
    const std::string id = number % 3 == 0 ? fmt::format("\"_id\":{},", 10'000'000 + number) : "";
    return event(id, number, base::format_rfc3339(time));
}

std::string demo_profile(std::uint64_t number) {
    const std::uint64_t points = points_of(number);
    return fmt::format(
        R"({{"_acme":{{"loyaltyID":"{}","totalLoyaltyPoints":{},"loyaltyLevel":"{}"}},)"
        R"("person":{{"name":{{"firstName":"{}","lastName":"{}"}},"birthDate":"{}-{:02}-{:02}"}},)"
        R"("personalEmail":{{"primary":true,"address":"{}","type":"personal","status":"active"}}}})"
        "\n",
        member_id(number), points, level_of(points), kFirstNames[number % kFirstNames.size()],
        kLastNames[number % kLastNames.size()], 1950 + number % 55, 1 + number % 12, 1 + number % 28,
        member_id(number));
}

std::vector<std::string> demo_broken_events(base::WallTime time) {
    const std::string now = base::format_rfc3339(time);
    return {
        "{\"eventType\":\"loyaltyBalanceUpdate\",\"timestamp\":\n",
        event("", 1, base::format_rfc3339(time + std::chrono::hours{24})),
        event("", 2, "2026-01-31 12:00:00"),
        "{\"eventType\":\"loyaltyBalanceUpdate\"}\n",
        fmt::format("{{\"identityMap\":{{\"Email\":[{{\"id\":\"a@example.com\",\"primary\":\"true\"}}]}},"
                    "\"timestamp\":\"{}\"}}\n",
                    now),
        fmt::format("{{\"totalPoints\":123456789012345678901234567890,\"timestamp\":\"{}\"}}\n", now),
        fmt::format("{{\"name\":\"\xff\xfe\",\"timestamp\":\"{}\"}}\n", now),
    };
}

}  // namespace aep::app
