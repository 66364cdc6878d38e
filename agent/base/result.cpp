#include "base/result.hpp"

namespace aep::base {

std::string system_message(int errno_value) {
    return boost::system::system_category().message(errno_value);
}

Error system_error(std::string context, int errno_value) {
    const boost::system::error_code code{errno_value, boost::system::system_category()};
    return Error{std::move(context) + ": " + code.message(), code};
}

}  // namespace aep::base
