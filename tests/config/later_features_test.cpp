#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/fixture.hpp"

namespace aep::config {
namespace {

/// Every key of the configuration, those of later versions included.
constexpr const char* kEverything = R"(agent:
  id: auto
  workers: auto
  state_dir: /var/lib/aep-agent
  shutdown_timeout: 30s
  memory_limit: 32MiB
platforms:
  - id: main
    org_id: ${AEP_ORG_ID}
    sandbox: prod
    gateway: https://platform.adobe.io
    limits: {requests_per_second: 1000, messages_per_second: 10000, share: 1.0}
    auth:
      type: oauth_server_to_server
      token_url: https://ims-na1.adobelogin.com/ims/token/v3
      client_id: a
      client_secret: b
      scopes: [openid, AdobeID]
sources:
  - id: web
    type: file
    include: [/var/log/shop/*.json]
    exclude: ['*.gz']
    start_at: end
    codec: ndjson
    max_record: 1MiB
    gather: 5ms
    stream: events
  - {id: app, type: tcp, listen: '127.0.0.1:5170', framing: newline,
     max_connections: 1000, idle_timeout: 5m, tls: {cert_file: F, key_file: F, client_ca_file: F}, stream: events}
  - {id: u, type: udp, listen: '127.0.0.1:5171', receive_buffer: 4MiB, stream: events}
  - {id: s, type: unix, path: /run/app.sock, mode: datagram, stream: events}
  - {id: pipe, type: stdin, stream: events}
streams:
  - id: events
    kind: experience_event
    format: xdm
    schema:
      id: https://ns.adobe.com/acme/schemas/abc
      version: 1
      file: schemas/events.json
    dataset_id: 5e30d7986c0cc218a85cee65
    flow_id: 69f188b6-af07-4587-8061-e94d34637b41
    source_name: shop-web
    mapping: mappings/events.yaml
    entity_id: {from: content_hash}
    timestamp: {from: field, field: timestamp, format: rfc3339, zone: UTC, max_future: 5m}
    validate: strict
    unknown_keys: reject
    coerce: []
    on_invalid: dead_letter
    order: none
    destination: inlet
destinations:
  - id: inlet
    platform: main
    url: https://dcs.adobedc.net/collection/abc
    auth: none
    batch: {max_bytes: 900KB, max_messages: 5000, linger: 500ms}
    connections: 4
    timeout: {connect: 5s, request: 30s}
    retry: {initial: 500ms, max: 60s, give_up_after: never}
    answers: per_message
    compression: none
    headers: {x-sandbox-name: prod}
    buffer: {type: memory}
    tls: {ca_file: /etc/ssl/certs/ca-certificates.crt, cert_file: F, key_file: F, min_version: '1.2'}
    proxy: http://proxy:3128
dead_letter: {dir: dead-letter, max_bytes: 1GiB, when_full: hold}
receipts: {dir: receipts, max_bytes: 256MiB}
telemetry:
  listen: 127.0.0.1:9464
  log: {level: info, format: text}
)";

TEST(LaterFeatures, AreExactlyTheProblemsOfAConfigurationThatUsesAll) {
    ConfigDirectory directory;
    directory.set("AEP_ORG_ID", "ORG@AdobeOrg");
    const std::string gone = "not available in this version (0.1.0); ";
    EXPECT_THAT(directory.lines(directory.load_text(kEverything).problems),
                testing::ElementsAre("agent.yaml:45:14: streams[0].mapping: " + gone + "remove it"));
}

}  // namespace
}  // namespace aep::config
