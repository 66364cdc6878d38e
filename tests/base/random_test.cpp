#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace aep::base {
namespace {

TEST(RandomHex128, Is32LowerCaseHexDigits) {
    const std::string hex = random_hex128();
    EXPECT_EQ(hex.size(), 32U);
    EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos) << hex;
}

TEST(RandomUuid, IsVersion4OfRfc9562) {
    for (int i = 0; i < 100; ++i) {
        const std::string uuid = random_uuid();
        ASSERT_EQ(uuid.size(), 36U);
        EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos) << uuid;
        for (const std::size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(uuid[dash], '-') << uuid;
        EXPECT_EQ(uuid[14], '4') << uuid;
        EXPECT_NE(std::string{"89ab"}.find(uuid[19]), std::string::npos) << uuid;
    }
}

TEST(Random, NeverRepeats) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        seen.insert(random_hex128());
        seen.insert(random_uuid());
    }
    EXPECT_EQ(seen.size(), 2000U);
}

}  // namespace
}  // namespace aep::base
