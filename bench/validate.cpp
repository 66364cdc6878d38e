// What validating costs, against parsing the same records and against another validator of the distribution:
//   bench_validate XDM_DIR [ROUNDS]
// XDM_DIR holds schemas/ and cases/ (the conformance data). Records are the valid ones of
// experience-event.json with 400 to 900 bytes; what is compared takes turns in each round, and medians of
// thread CPU time are shown. Both validators get values that are parsed already.
#include <fmt/core.h>
#include <malloc.h>
#include <rapidjson/document.h>
#include <simdjson.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "xdm/schema.hpp"
#include "xdm/validator.hpp"

namespace {

std::size_t live_bytes = 0;
std::size_t peak_bytes = 0;
std::size_t allocations = 0;

}  // namespace

// g++ takes the pair of malloc and operator delete for a mistake when it sees only one of them inlined.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
    void* memory = std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc{};
    live_bytes += malloc_usable_size(memory);
    peak_bytes = std::max(peak_bytes, live_bytes);
    ++allocations;
    return memory;
}
void operator delete(void* memory) noexcept {
    if (memory != nullptr) live_bytes -= malloc_usable_size(memory);
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}

namespace {

using aep::xdm::LoadedSchema;
using aep::xdm::Report;
using aep::xdm::SchemaText;
using aep::xdm::UnknownKeys;
using aep::xdm::Validator;

constexpr int kRepeats = 200;  ///< of all records within one measure

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double measure(Work work) {
    const double start = cpu_seconds();
    work();
    return cpu_seconds() - start;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::string read_file(const std::string& name) {
    std::ifstream in{name, std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + name};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> read_records(const std::string& directory) {
    constexpr std::size_t kShortest = 400;
    constexpr std::size_t kLongest = 900;
    std::vector<std::string> records;
    simdjson::dom::parser parser;
    for (const char* name : {"composed", "mutants-compositions"}) {
        std::ifstream in{directory + "/cases/" + name + ".ndjson"};
        for (std::string line; std::getline(in, line);) {
            simdjson::dom::element value;
            if (parser.parse(line).get(value) != simdjson::SUCCESS) continue;
            const std::string_view schema = value["schema"].get_string().value();
            if (schema != "experience-event.json" || !value["valid"].get_bool().value()) continue;
            std::string record = simdjson::minify(value["instance"].value());
            if (record.size() >= kShortest && record.size() <= kLongest) records.push_back(std::move(record));
        }
    }
    return records;
}

struct Parsed {
    simdjson::padded_string text;
    simdjson::dom::parser parser;
    simdjson::dom::element value;
    rapidjson::Document other;
};

/// Many large schemas as the properties of one.
std::string compose(const std::string& directory, std::size_t bytes) {
    std::vector<std::string> parts;
    for (const char* name : {"experience-event", "individual-profile", "order-event", "healthcare-member"}) {
        parts.push_back(read_file(directory + "/schemas/" + name + ".json"));
    }
    std::string text = R"({"type":"object","properties":{)";
    for (int i = 0; text.size() < bytes; ++i) {
        text += fmt::format("{}\"part{}\":", i == 0 ? "" : ",", i);
        // One `$id` may not be there twice: the parts' own are renamed.
        std::string part = parts[static_cast<std::size_t>(i) % parts.size()];
        if (const std::size_t at = part.find("\"$id\": \""); at != std::string::npos) {
            part.insert(at + 8, fmt::format("https://example.com/{}/", i));
        }
        text += part;
    }
    return text + "}}";
}

void compare_speeds(const std::string& directory, int rounds) {
    const std::string schema_text = read_file(directory + "/schemas/experience-event.json");
    const std::vector<SchemaText> texts{{"experience-event.json", schema_text}};
    const LoadedSchema loaded = load_schema(texts);
    Validator validator{loaded.schema, UnknownKeys::Reject};
    Report report;

    rapidjson::Document other_schema_text;
    other_schema_text.Parse(schema_text.c_str());
    valijson::Schema other_schema;
    valijson::SchemaParser{}.populateSchema(valijson::adapters::RapidJsonAdapter{other_schema_text},
                                            other_schema);
    valijson::Validator other{valijson::Validator::kStrongTypes};

    const std::vector<std::string> records = read_records(directory);
    std::vector<std::unique_ptr<Parsed>> parsed;
    std::size_t bytes = 0;
    for (const std::string& record : records) {
        auto& entry = parsed.emplace_back(std::make_unique<Parsed>());
        entry->text = simdjson::padded_string{record};
        entry->value = entry->parser.parse(entry->text).value();
        entry->other.Parse(record.c_str());
        bytes += record.size();
        if (!validator.validate(entry->value, report)) throw std::runtime_error{"not valid: " + record};
    }
    std::vector<double> parse_times;
    std::vector<double> our_times;
    std::vector<double> other_times;
    // What is counted as ours must not be the growth of a list of times.
    for (std::vector<double>* times : {&parse_times, &our_times, &other_times}) {
        times->reserve(static_cast<std::size_t>(rounds));
    }
    simdjson::dom::parser parser;
    std::size_t fits = 0;
    const std::size_t allocated = allocations;
    std::size_t allocated_by_us = 0;
    for (int round = 0; round < rounds; ++round) {
        parse_times.push_back(measure([&] {
            for (int i = 0; i < kRepeats; ++i) {
                for (const auto& entry : parsed)
                    fits += parser.parse(entry->text).error() == simdjson::SUCCESS;
            }
        }));
        const std::size_t before = allocations;
        our_times.push_back(measure([&] {
            for (int i = 0; i < kRepeats; ++i) {
                for (const auto& entry : parsed) fits += validator.validate(entry->value, report);
            }
        }));
        allocated_by_us += allocations - before;
        other_times.push_back(measure([&] {
            for (int i = 0; i < kRepeats / 20; ++i) {
                for (const auto& entry : parsed) {
                    fits += other.validate(other_schema, valijson::adapters::RapidJsonAdapter{entry->other},
                                           nullptr);
                }
            }
        }));
    }
    const double count = static_cast<double>(records.size()) * kRepeats;
    const double parse = median(parse_times) / count * 1e9;
    const double ours = median(our_times) / count * 1e9;
    const double others = median(other_times) / count * 20 * 1e9;
    fmt::print("{} records of {} bytes on average, {} rounds (answers {}, {})\n", records.size(),
               bytes / records.size(), rounds, fits, allocations - allocated);
    fmt::print("  simdjson parses one in {:8.0f} ns\n", parse);
    fmt::print("  validating it takes    {:8.0f} ns: {:.2f} times the parse; {} allocations\n", ours,
               ours / parse, allocated_by_us);
    fmt::print(
        "  valijson takes         {:8.0f} ns: {:.1f} times ours, {:.1f} times with our parse added to both\n",
        others, others / ours, (others + parse) / (ours + parse));
}

void compile_large(const std::string& directory) {
    const std::vector<SchemaText> texts{{"large.json", compose(directory, 1'500'000)}};
    std::vector<double> times;
    std::size_t peak = 0;
    std::size_t kept = 0;
    for (int i = 0; i < 5; ++i) {
        const std::size_t before = live_bytes;
        peak_bytes = live_bytes;
        LoadedSchema loaded;
        times.push_back(measure([&] { loaded = load_schema(texts); }));
        if (!loaded.schema) throw std::runtime_error{loaded.errors.front().line()};
        peak = peak_bytes - before;
        kept = live_bytes - before;
    }
    fmt::print("a schema of {} bytes compiles in {:.0f} ms; {:.1f} MiB at most on the way, {:.1f} MiB kept\n",
               texts.front().text.size(), median(times) * 1e3, static_cast<double>(peak) / (1 << 20),
               static_cast<double>(kept) / (1 << 20));
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 2) {
        fmt::print(stderr, "usage: bench_validate XDM_DIR [ROUNDS]\n");
        return 2;
    }
    compare_speeds(argv[1], argc > 2 ? std::max(1, std::atoi(argv[2])) : 21);
    compile_large(argv[1]);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_validate: {}\n", error.what());
    return 1;
}
