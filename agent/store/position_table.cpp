#include "store/position_table.hpp"

#include <algorithm>
#include <utility>

#include "store/sealed.hpp"

namespace aep::store {
namespace {

constexpr std::uint32_t kMarkFormat = 1;
constexpr std::uint32_t kSourceFormat = 1;
constexpr char kSeparator = '\0';  // no part of an id

std::string encode(const record::FileMark& mark) {
    FieldWriter fields;
    fields.text(mark.path);
    fields.u64(mark.device);
    fields.u64(mark.inode);
    fields.u32(mark.fingerprint.size);
    fields.u64(mark.fingerprint.high);
    fields.u64(mark.fingerprint.low);
    fields.u64(mark.position);
    fields.u8(mark.finished ? 1 : 0);
    fields.time(mark.last_seen);
    fields.u64(mark.born);
    fields.u64(mark.tail.end);
    fields.u64(mark.tail.hash);
    fields.u32(mark.tail.size);
    return seal(kMarkFormat, fields.bytes());
}

bool decode_format_1(std::string_view payload, record::FileMark& mark) {
    FieldReader fields{payload};
    mark.path = fields.text();
    mark.device = fields.u64();
    mark.inode = fields.u64();
    mark.fingerprint.size = fields.u32();
    mark.fingerprint.high = fields.u64();
    mark.fingerprint.low = fields.u64();
    mark.position = fields.u64();
    mark.finished = fields.u8() != 0;
    mark.last_seen = fields.time();
    const bool complete = fields.ok();
    mark.born = fields.u64();
    record::Tail tail;
    tail.end = fields.u64();
    tail.hash = fields.u64();
    tail.size = fields.u32();
    if (fields.ok()) mark.tail = tail;
    return complete;
}

bool decode(std::string_view value, record::FileMark& mark) {
    const auto unsealed = unseal(value);
    if (!unsealed || unsealed->format != kMarkFormat) return false;
    return decode_format_1(unsealed->payload, mark) && unsealed->intact;
}

FoundMark found(std::string_view key, std::string_view value) {
    FoundMark one;
    one.key = key;
    const std::size_t end = key.find(kSeparator);
    one.mark.source = key.substr(0, end);
    if (end != std::string_view::npos) one.mark.generation = key.substr(end + 1);
    one.damaged = !decode(value, one.mark);
    return one;
}

}  // namespace

std::string position_key(std::string_view source, std::string_view generation) {
    std::string key{source};
    key += kSeparator;
    key += generation;
    return key;
}

base::Result<void> put_mark(Transaction& transaction, const record::FileMark& mark) {
    return transaction.put(Table::Positions, position_key(mark.source, mark.generation), encode(mark));
}

base::Result<void> put_scanned(Transaction& transaction, std::string_view source) {
    return transaction.put(Table::Sources, source, seal(kSourceFormat, ""));
}

base::Result<bool> get_scanned(const Transaction& transaction, std::string_view source) {
    const auto value = transaction.get(Table::Sources, source);
    if (!value) return value.error();
    if (*value) return base::ok(true);
    const auto marks = all_marks(transaction, source);
    if (!marks) return marks.error();
    return base::ok(!marks->empty());
}

base::Result<std::optional<FoundMark>> get_mark(const Transaction& transaction, std::string_view key) {
    const auto value = transaction.get(Table::Positions, key);
    if (!value) return value.error();
    if (!*value) return base::ok(std::optional<FoundMark>{});
    return base::ok(std::optional<FoundMark>{found(key, **value)});
}

base::Result<std::vector<FoundMark>> all_marks(const Transaction& transaction, std::string_view source) {
    std::vector<FoundMark> marks;
    const std::string first = source.empty() ? std::string{} : position_key(source, "");
    const auto visited =
        transaction.visit(Table::Positions, first, [&](std::string_view key, std::string_view value) {
            if (!key.starts_with(first)) return false;
            marks.push_back(found(key, value));
            return true;
        });
    if (!visited) return visited.error();
    return base::ok(std::move(marks));
}

bool is_stale(const record::FileMark& mark, base::WallTime now) {
    return now - mark.last_seen > (mark.finished ? kKeepFinished : kKeepUnfinished);
}

}  // namespace aep::store
