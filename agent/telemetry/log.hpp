#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "telemetry/options.hpp"

/// The structured log on stderr: a level, a stable code, a sentence, fields. Text for people, JSON for
/// machines. Free-threaded. Never given record contents, tokens or secrets.
///
///     log::warn("inlet_unreachable", "cannot connect, trying again", {{"destination", id}, {"in", wait}});
///
/// A warning or error whose code and first field repeat within 10 s is counted, not written; the count goes
/// out as `repeated=N` with the next one that is, or with flush(). A value above 4 KiB is cut.
namespace aep::telemetry::log {

struct Field {
    std::string_view name;
    std::string value;

    template <class T>
    Field(std::string_view field_name, const T& field_value)
        : name{field_name}, value{fmt::format("{}", field_value)} {}
};
using Fields = std::initializer_list<Field>;

/// Before the first line; without it: info and text.
void configure(const LogOptions& options);

void debug(std::string_view code, std::string_view sentence, Fields fields = {});
void info(std::string_view code, std::string_view sentence, Fields fields = {});
/// Trouble that will be overcome, or that an operator should look at. Rate-limited by code and first field.
void warn(std::string_view code, std::string_view sentence, Fields fields = {});
/// Data was lost, or a person is needed. Rate-limited by code and first field.
void error(std::string_view code, std::string_view sentence, Fields fields = {});

/// Writes what was counted and not written yet. Before the process ends.
void flush();

}  // namespace aep::telemetry::log
