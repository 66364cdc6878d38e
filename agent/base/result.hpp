#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace aep::base {

/// Why something failed, in words for the operator: what, where, and where possible what to do.
/// Never holds record contents, tokens or secrets.
struct Error {
    std::string message;
    boost::system::error_code code = {};  ///< the system's or library's code, where there is one

    Error() = default;
    explicit Error(std::string text) : message{std::move(text)} {}
    Error(std::string text, boost::system::error_code ec) : message{std::move(text)}, code{ec} {}
};

/// A value or an Error. Expected failures travel this way; exceptions are for start-up and broken invariants.
/// A string could be either: Result<std::string> is returned with ok().
template <class T = void>
using Result = boost::system::result<T, Error>;

template <class T>
[[nodiscard]] Result<T> ok(T value) {
    return Result<T>{boost::system::in_place_value, std::move(value)};
}

/// Lets Result::value() throw the error's text (found by argument-dependent look-up in boost::system).
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error{error.message};
}

/// The system's words for an errno value. (strerror() may not be called by two threads at once.)
[[nodiscard]] std::string system_message(int errno_value);

/// The error "`context`: `system_message(errno)`".
[[nodiscard]] Error system_error(std::string context, int errno_value);

}  // namespace aep::base
