// The benchmark's data set: web and commerce ExperienceEvents of about 650 bytes, one a line, the same on
// every machine. Some hold names beyond ASCII, emoji and escapes, as real ones do.
//
//     bench_dataset COUNT [--ids] > events.ndjson
//
// --ids gives each record an `_id` ("evt-0000000001"); without it the agent has to make one, which is the
// usual case.
#include <fmt/core.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <random>
#include <string_view>

namespace {

constexpr std::array<std::string_view, 8> kPages{
    "Startseite", "Größentabelle",  "Checkout",  "買い物かご", "Caf\\u00e9 \\\"Luna\\\"",
    "Über uns",   "Suche\\/Filter", "Angebote 🎉"};
constexpr std::array<std::string_view, 6> kProducts{
    "Wanderschuh \\\"Alp\\\"", "Rain jacket", "Thermoskanne 0,5 l", "Zelt für 2 ⛺", "Stirnlampe",
    "Sac à dos\\n30 l"};
constexpr std::array<std::string_view, 4> kLevels{"Bronze", "Silver", "Gold", "Platinum"};

class Records {
  public:
    explicit Records(bool with_ids) : with_ids_{with_ids} {}

    void append(fmt::memory_buffer& out, std::uint64_t number) {
        const std::uint64_t random = random_();
        const auto to = std::back_inserter(out);
        fmt::format_to(to, "{{");
        if (with_ids_) fmt::format_to(to, R"("_id":"evt-{:010}",)", number);
        // One event every 7 ms from the first of January 2026 on.
        const std::uint64_t millis = number * 7;
        fmt::format_to(to, R"("timestamp":"2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z",)",
                       1 + millis / 86'400'000 % 28, millis / 3'600'000 % 24, millis / 60'000 % 60,
                       millis / 1000 % 60, millis % 1000);
        fmt::format_to(to,
                       R"("identityMap":{{"ECID":[{{"id":"{:019}{:019}","authenticatedState":"ambiguous",)"
                       R"("primary":true}}],"Email":[{{"id":"kunde{}@example.com","primary":false}}]}},)",
                       random % 9'000'000'000'000'000'000U, random_() % 9'000'000'000'000'000'000U,
                       random % 500'000);
        if (random % 3 == 0) {
            append_purchase(out, random);
        } else {
            append_page_view(out, random);
        }
        fmt::format_to(to,
                       R"("_acme":{{"channel":"web","store":{},"loyaltyLevel":"{}","tags":["sale","{}"]}}}})"
                       "\n",
                       random % 240, kLevels[random % kLevels.size()], random % 1000);
    }

  private:
    void append_purchase(fmt::memory_buffer& out, std::uint64_t random) {
        fmt::format_to(
            std::back_inserter(out),
            R"("eventType":"commerce.purchases","commerce":{{"order":{{"purchaseID":"PO-{:09}",)"
            R"("priceTotal":{}.{:02},"currencyCode":"EUR"}},"purchases":{{"value":1}}}},)"
            R"("productListItems":[{{"SKU":"sku-{:06}","name":"{}","quantity":{},"priceTotal":{}.{:02}}},)"
            R"({{"SKU":"sku-{:06}","name":"{}","quantity":1,"priceTotal":12.5}}],)",
            random % 1'000'000'000, random % 900, random % 100, random % 1'000'000,
            kProducts[random % kProducts.size()], 1 + random % 4, random % 400, random % 100,
            random / 7 % 1'000'000, kProducts[random / 7 % kProducts.size()]);
    }

    void append_page_view(fmt::memory_buffer& out, std::uint64_t random) {
        fmt::format_to(
            std::back_inserter(out),
            R"("eventType":"web.webpagedetails.pageViews","web":{{"webPageDetails":{{"name":"{}",)"
            R"("URL":"https:\/\/shop.example.com\/de\/p\/{}?ref=newsletter&utm_source=mail&page={}",)"
            R"("pageViews":{{"value":1}}}},"webReferrer":{{"URL":"https://www.example.org/search?q=zelt+{}"}}}},)"
            R"("device":{{"type":"mobile","screenWidth":{},"screenHeight":2400}},)",
            kPages[random % kPages.size()], random % 1'000'000, random % 50, random % 10'000,
            360 + random % 800);
    }

    bool with_ids_;
    std::mt19937_64 random_{20260131};
};

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t count = 0;
    if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), count);
    if (count == 0) {
        fmt::print(stderr, "usage: bench_dataset COUNT [--ids] > FILE\n");
        return 2;
    }
    Records records{argc > 2 && std::string_view{argv[2]} == "--ids"};
    fmt::memory_buffer out;
    constexpr std::size_t kFlush = std::size_t{1} << 20U;
    for (std::uint64_t i = 0; i < count; ++i) {
        records.append(out, i);
        if (out.size() < kFlush && i + 1 < count) continue;
        if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) {
            std::perror("bench_dataset");
            return 1;
        }
        out.clear();
    }
    return 0;
}
