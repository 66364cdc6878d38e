#include "delivery/destination_metrics.hpp"

#include <vector>

namespace aep::delivery {
namespace {

const std::vector<double> kBytes{1e3, 4e3, 16e3, 64e3, 128e3, 256e3, 512e3, 768e3, 1e6};
const std::vector<double> kMessages{1, 2, 5, 10, 50, 100, 500, 1000, 5000};
const std::vector<double> kSeconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                   2.5,   5,    10,    30,   60,  300,  3600};

}  // namespace

DestinationMetrics::DestinationMetrics(telemetry::Metrics& metrics, const std::string& destination)
    : sent{metrics.counter("aep_agent_messages_sent_total", "Messages sent, each time they are.",
                           {{"destination", destination}})},
      accepted{metrics.counter("aep_agent_messages_accepted_total", "Messages that the inlet accepted.",
                               {{"destination", destination}})},
      refused{metrics.counter("aep_agent_messages_refused_total", "Messages that the inlet refused for ever.",
                              {{"destination", destination}})},
      retried{metrics.counter("aep_agent_messages_retried_total", "Messages sent again.",
                              {{"destination", destination}})},
      queued{metrics.gauge("aep_agent_destination_queue_batches", "Sealed batches that wait to be sent.",
                           {{"destination", destination}})},
      connections{metrics.gauge("aep_agent_destination_connections_allowed",
                                "Connections that may be in use at once, as the inlet bears them.",
                                {{"destination", destination}})},
      batch_bytes{metrics.histogram("aep_agent_batch_bytes", "Size of requests.",
                                    {{"destination", destination}}, kBytes)},
      batch_messages{metrics.histogram("aep_agent_batch_messages", "Messages in requests.",
                                       {{"destination", destination}}, kMessages)},
      request_seconds{metrics.histogram("aep_agent_request_seconds", "From sending a request to its answer.",
                                        {{"destination", destination}}, kSeconds)},
      latency_seconds{
          metrics.histogram("aep_agent_record_latency_seconds",
                            "From reading a batch's oldest record to its last message's settlement.",
                            {{"destination", destination}}, kSeconds)} {
    for (const char* by : {"requests_per_second", "messages_per_second", "status_429", "retry_after"}) {
        throttled_.emplace(by, metrics.counter("aep_agent_throttled_seconds_total",
                                               "Seconds that requests waited for a limit.",
                                               {{"destination", destination}, {"by", by}}));
    }
}

void DestinationMetrics::throttled(std::string_view by, std::chrono::duration<double> time) const {
    throttled_.find(by)->second.Increment(time.count());
}

}  // namespace aep::delivery
