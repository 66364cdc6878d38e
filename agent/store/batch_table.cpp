#include "store/batch_table.hpp"

#include <utility>

#include "store/stored_batch.hpp"

namespace aep::store {

base::Result<char*> reserve_batch(Transaction& transaction, std::string_view destination,
                                  std::uint64_t number, std::size_t size) {
    return transaction.reserve(Table::Batches, batch_key(destination, number), size);
}

base::Result<void> remove_batch(Transaction& transaction, std::string_view destination,
                                std::uint64_t number) {
    return transaction.remove(Table::Batches, batch_key(destination, number));
}

base::Result<void> visit_batches(const Transaction& transaction, std::string_view destination,
                                 std::uint64_t first, const BatchVisitor& visitor) {
    return transaction.visit(Table::Batches, batch_key(destination, first),
                             [&](std::string_view key, std::string_view value) {
                                 const BatchKey parsed = parse_batch_key(key);
                                 return parsed.destination == destination && visitor(parsed.number, value);
                             });
}

base::Result<std::map<std::string, std::uint64_t>> batch_bytes(const Transaction& transaction) {
    std::map<std::string, std::uint64_t> bytes;
    const auto visited =
        transaction.visit(Table::Batches, {}, [&](std::string_view key, std::string_view value) {
            bytes[parse_batch_key(key).destination] += value.size();
            return true;
        });
    if (!visited) return visited.error();
    return base::ok(std::move(bytes));
}

}  // namespace aep::store
