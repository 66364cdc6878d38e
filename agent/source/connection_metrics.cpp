#include "source/connection_metrics.hpp"

#include "telemetry/log.hpp"

namespace aep::source {

namespace log = telemetry::log;

ConnectionMetrics::ConnectionMetrics(const SourceOptions& options, telemetry::Metrics& metrics)
    : source_{options.id},
      most_{options.max_connections},
      metrics_{metrics},
      open_{metrics.gauge("aep_agent_source_connections", "Open connections.", {{"source", source_}})},
      refused_{metrics.counter("aep_agent_source_connections_refused_total",
                               "Connections closed at once because max_connections were open.",
                               {{"source", source_}})} {}

void ConnectionMetrics::refused(const std::string& peer) {
    refused_.Increment();
    log::warn("connections_refused",
              "too many connections, new ones are closed: raise max_connections or find out who opens them",
              {{"source", source_}, {"peer", peer}, {"max_connections", most_}});
}

void ConnectionMetrics::ended(const Connection& connection) {
    open_.Decrement();
    metrics_
        .counter("aep_agent_source_connections_closed_total", "Connections that ended, by reason.",
                 {{"source", source_}, {"reason", std::string{word_for(connection.end())}}})
        .Increment();
    tell(connection);
}

void ConnectionMetrics::tell(const Connection& connection) const {
    switch (connection.end()) {
        case Connection::End::Handshake:
            return log::warn(
                "tls_handshake_failed", "a connection is given up",
                {{"source", source_}, {"peer", connection.peer()}, {"error", connection.error()}});
        case Connection::End::BadFrame:
            return log::error("framing_broken",
                              "the length of a record was expected (RFC 6587, octet counting) and something "
                              "else came: the connection is closed, what it still held is lost; check the "
                              "sender's framing against the source's",
                              {{"source", source_},
                               {"peer", connection.peer()},
                               {"position", connection.position()},
                               {"lost_bytes", connection.lost()}});
        case Connection::End::Stalled:
            return log::error("record_stalled",
                              "a record does not come to its end while others wait for the memory it "
                              "takes: the connection is closed",
                              {{"source", source_},
                               {"peer", connection.peer()},
                               {"position", connection.position()},
                               {"lost_bytes", connection.lost()}});
        default:
            break;
    }
    if (connection.lost() == 0 && !connection.cut_a_frame()) return;
    log::error("record_incomplete", "a connection ended within a record: what came of it is lost",
               {{"source", source_},
                {"peer", connection.peer()},
                {"end", word_for(connection.end())},
                {"error", connection.error()},
                {"position", connection.position()},
                {"lost_bytes", connection.lost()}});
}

}  // namespace aep::source
