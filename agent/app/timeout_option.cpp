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

}  // namespace aep::app
