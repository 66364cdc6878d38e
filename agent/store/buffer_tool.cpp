#include "store/buffer_tool.hpp"

#include <utility>

#include "store/environment.hpp"
#include "store/readable.hpp"
#include "store/store.hpp"

namespace aep::store {

base::Result<void> visit_buffers(const std::filesystem::path& state_dir,
                                 const std::function<void(const ListedBatch&)>& visitor) {
    const std::filesystem::path directory = Store::directory(state_dir);
    if (auto readable = check_readable(directory); !readable) return readable.error();
    if (!Environment::exists(directory)) return {};
    const auto environment =
        Environment::open(directory, Store::kPositionsMap, Environment::Access::ReadOnly);
    if (!environment) return environment.error();
    const auto transaction = (*environment)->begin_read();
    if (!transaction) return transaction.error();
    return transaction->visit(Table::Batches, {}, [&](std::string_view key, std::string_view value) {
        ListedBatch batch;
        batch.key = parse_batch_key(key);
        batch.bytes = value.size();
        batch.value = value;
        auto head = decode_head(value);
        if (head) {
            batch.head = std::move(*head);
        } else {
            batch.damage = head.error().message;
        }
        visitor(batch);
        return true;
    });
}

base::Result<std::string> body_of(const ListedBatch& batch) {
    if (!batch.damage.empty()) return base::Error{batch.damage};
    std::string body(batch.head.body_size, '\0');
    if (auto read = decode_body(batch.value, batch.head, body.data()); !read) return read.error();
    return base::ok(std::move(body));
}

}  // namespace aep::store
