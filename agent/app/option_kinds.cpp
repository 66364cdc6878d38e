#include <charconv>
#include <string>

#include "app/commands.hpp"

namespace aep::app {

void add_timeout(CLI::App& command, base::Millis& timeout) {
    command
        .add_option_function<std::string>(
            "--timeout",
            [&timeout](const std::string& text) {
                const auto parsed = base::parse_duration(text);
                if (!parsed || parsed->count() == 0) {
                    throw CLI::ValidationError{"--timeout",
                                               "'" + text + "' is no duration such as 30s or 10m"};
                }
                timeout = *parsed;
            },
            "give up after so long without progress (10m)")
        ->type_name("DURATION");
}

CLI::Option* add_number(CLI::App& command, const std::string& name, std::uint64_t& into,
                        const std::string& help) {
    const auto read = [name, &into](const std::string& text) {
        const char* const end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, into);
        if (error != std::errc{} || rest != end) {
            throw CLI::ValidationError{name, "'" + text + "' is no whole number"};
        }
    };
    return command.add_option_function<std::string>(name, read, help)->type_name("N");
}

}  // namespace aep::app
