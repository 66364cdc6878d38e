#include "store/position_tool.hpp"

#include <string>
#include <utility>

#include "store/environment.hpp"
#include "store/position_table.hpp"
#include "store/readable.hpp"
#include "store/store.hpp"

namespace aep::store {

base::Result<ListedMarks> read_marks(const std::filesystem::path& state_dir) {
    ListedMarks listed;
    const std::filesystem::path directory = Store::directory(state_dir);
    if (auto readable = check_readable(directory); !readable) return readable.error();
    if (!Environment::exists(directory)) return base::ok(std::move(listed));
    const auto environment =
        Environment::open(directory, Store::kPositionsMap, Environment::Access::ReadOnly);
    if (!environment) return environment.error();
    const auto transaction = (*environment)->begin_read();
    if (!transaction) return transaction.error();
    auto found = all_marks(*transaction);
    if (!found) return found.error();
    for (FoundMark& one : *found) {
        (one.damaged ? listed.damaged : listed.marks).push_back(std::move(one.mark));
    }
    return base::ok(std::move(listed));
}

base::Result<void> write_marks(const std::filesystem::path& state_dir,
                               std::span<const record::FileMark> marks) {
    const auto environment =
        Environment::open(Store::directory(state_dir), Store::kPositionsMap, Environment::Access::Write);
    if (!environment) return environment.error();
    auto transaction = (*environment)->begin_write();
    if (!transaction) return transaction.error();
    for (const record::FileMark& mark : marks) {
        if (auto put = put_mark(*transaction, mark); !put) return put;
        // Else a first scan would begin at the ends of files that have no mark.
        if (auto put = put_scanned(*transaction, mark.source); !put) return put;
    }
    return transaction->commit();
}

}  // namespace aep::store
