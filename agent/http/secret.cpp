#include "http/secret.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

namespace aep::http {

base::Result<std::string> read_secret(const SecretOptions& options) {
    if (options.file.empty()) return base::ok(options.text);
    constexpr std::size_t kMost = std::size_t{64} << 10U;
    std::ifstream input{options.file, std::ios::binary};
    if (!input) return base::system_error("cannot open the secret's file " + options.file, errno);
    std::string text(kMost + 1, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (input.bad()) return base::Error{"cannot read the secret's file " + options.file};
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (text.ends_with('\n')) text.pop_back();
    if (text.empty() || text.size() > kMost) {
        return base::Error{fmt::format("the secret's file {} is {}", options.file,
                                       text.empty() ? "empty" : "larger than 64 KiB")};
    }
    return base::ok(std::move(text));
}

}  // namespace aep::http
