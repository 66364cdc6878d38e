#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/record_meta.hpp"
#include "xdm/content_hash.hpp"
#include "xdm/entity_prover.hpp"
#include "xdm/options.hpp"
#include "xdm/rejection.hpp"

namespace simdjson::dom {
class element;
}

namespace aep::xdm {

/// Where a record stands: what generated ids and ingest times are made from.
struct RecordPlace {
    IdSeed seed;
    base::RecordMeta meta;
    base::WallTime now = {};  ///< what "in the future" is measured against
};

/// Above these sizes AEP's Profile drops an entity silently (xdm-rules, section 6). "KB" is not defined
/// there: the smaller reading warns early.
inline constexpr std::size_t kProfileDropsEventsAbove = 10'000;
inline constexpr std::size_t kProfileDropsProfilesAbove = 100'000;

/// Makes a record the message of its stream: gives it `_id` and `timestamp` as the stream's settings say,
/// proves the entity that comes of it, repairs it where the settings say so (`coerce`, `unknown_keys:
/// strip`), and writes it between the envelope's constant parts. The record's own text is kept as it is, so
/// that numbers stay exact. Confined to one worker; nothing is allocated for a record that is all right and
/// whose settings need no conversion.
///
///     if (!renderer.prepare(value, bytes, place)) return reject(renderer.rejection());
///     renderer.write(batch.reserve(renderer.size()));
class MessageRenderer {
  public:
    /// `proof` null: nothing is proved but what a message needs.
    explicit MessageRenderer(const EnvelopeOptions& options, std::shared_ptr<const Proof> proof = nullptr);
    ~MessageRenderer();
    MessageRenderer(const MessageRenderer&) = delete;
    MessageRenderer& operator=(const MessageRenderer&) = delete;

    /// `value` is what `bytes` decode to. At least 64 readable bytes follow `bytes`. Both stay valid until
    /// write(). False: rejection() says why.
    [[nodiscard]] bool prepare(const simdjson::dom::element& value, std::string_view bytes,
                               const RecordPlace& place);

    /// Of the whole message, in bytes.
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t entity_size() const;
    /// Writes size() bytes.
    void write(char* out) const;

    /// Why the last prepare() said no.
    [[nodiscard]] const Rejection& rejection() const;
    /// What was done to the last entity.
    [[nodiscard]] const Repairs& repairs() const;
    /// What is wrong with the last entity, which is to be sent all the same (`validate: warn`).
    [[nodiscard]] std::span<const Violation> tolerated() const;

    /// Bytes of every message before and behind its entity.
    [[nodiscard]] std::size_t prefix_size() const;
    [[nodiscard]] std::size_t suffix_size() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aep::xdm
