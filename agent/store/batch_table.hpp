#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/environment.hpp"

/// The table of batches (stored_batch.hpp says what a value holds): numbered per destination, oldest first.
namespace aep::store {

/// Room for a value of `size` bytes, to be filled before the transaction is used again.
[[nodiscard]] base::Result<char*> reserve_batch(Transaction& transaction, std::string_view destination,
                                                std::uint64_t number, std::size_t size);
[[nodiscard]] base::Result<void> remove_batch(Transaction& transaction, std::string_view destination,
                                              std::uint64_t number);

/// The batches of a destination from number `first` on, until `visitor` returns false.
using BatchVisitor = std::function<bool(std::uint64_t number, std::string_view value)>;
[[nodiscard]] base::Result<void> visit_batches(const Transaction& transaction, std::string_view destination,
                                               std::uint64_t first, const BatchVisitor& visitor);

/// How many bytes of batches each destination has, whether or not it is configured.
[[nodiscard]] base::Result<std::map<std::string, std::uint64_t>> batch_bytes(const Transaction& transaction);

}  // namespace aep::store
