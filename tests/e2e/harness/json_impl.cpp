// The bodies of Boost.JSON, once for all files of these tests.
#include <boost/json/src.hpp>
