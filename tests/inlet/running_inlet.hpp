#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "inlet/https_client.hpp"
#include "inlet/inlet.hpp"

namespace aep::inlet {

/// A directory that goes with the test.
class TempDir {
  public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "inlet-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary directory"};
        path_ = pattern;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

inline std::string contents(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// An inlet on a free port, and clients that trust it.
class RunningInlet : public testing::Test {
  protected:
    void start() {
        options.listen = "127.0.0.1:0";
        auto started = Inlet::start(options);
        if (!started) throw std::runtime_error{started.error().message};
        inlet = std::move(*started);
    }

    [[nodiscard]] std::unique_ptr<HttpsClient> connect(
        std::chrono::milliseconds patience = std::chrono::seconds{20}) const {
        HttpsClient::Trust trust;
        trust.ca_pem = inlet->ca_pem();
        auto client = std::make_unique<HttpsClient>(inlet->port(), trust, patience);
        EXPECT_TRUE(client->connected()) << client->verification();
        return client;
    }

    TempDir dir;
    InletOptions options;
    std::unique_ptr<Inlet> inlet;
};

}  // namespace aep::inlet
