// The bodies of Asio and Beast, compiled once for the whole program (see BOOST_ASIO_SEPARATE_COMPILATION in
// the top CMakeLists.txt). Asio's own TLS stream is left out: the agent has a stream of its own over OpenSSL
// (http/tls_stream.hpp) because it costs half as much for large bodies.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
