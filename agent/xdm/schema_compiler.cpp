#include "xdm/schema_compiler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "xdm/json_pointer.hpp"

namespace aep::xdm {
namespace {

constexpr std::size_t kMostErrors = 20;
constexpr std::size_t kMostWarnings = 50;
/// Beyond it a chain of references is taken for a circle.
constexpr int kLongestChain = 100;
constexpr std::size_t kMostNodes = 1'000'000;

std::string where(std::string_view keyword, std::string_view key, Index number) {
    std::string text;
    if (!keyword.empty()) append_pointer_step(text, keyword);
    if (number != kNone) {
        append_pointer_step(text, std::uint64_t{number});
    } else if (key.data() != nullptr) {
        append_pointer_step(text, key);
    }
    return text;
}

}  // namespace

std::unique_ptr<const Plan> SchemaCompiler::compile() {
    plan_->nodes.resize(2);
    plan_->nodes[kRefuse].kinds = 0;
    const SchemaPlace root = index_.root();
    places_.push_back(root);
    bases_.push_back(SchemaIndex::base_within(*root.schema, root.base));
    if (root.schema->kind() == ValueKind::Boolean) {
        plan_->root = root.schema->boolean() ? kAccept : kRefuse;
    } else {
        plan_->root = add_target("#", root.base, Context::Closing, "");
    }
    for (std::uint32_t item = 0; item < items_.size() && out_.errors.size() < kMostErrors; ++item) {
        compile_item(item);
    }
    current_ = kNone;
    mark_plain_kinds();
    if (out_.errors.empty()) refuse_endless_checks();
    if (out_.errors.empty()) add_required_paths(*root.schema);
    if (!out_.errors.empty()) return nullptr;
    const auto text_of = [&](std::string_view key) {
        const Json* value = root.schema->find(key);
        return value != nullptr && value->is_string() ? std::string{value->text()} : std::string{};
    };
    plan_->id = text_of("$id");
    plan_->title = text_of("title");
    plan_->class_id = text_of("meta:class");
    return std::move(plan_);
}

Index SchemaCompiler::add(const Json& schema, Context context, std::string_view keyword, std::string_view key,
                          Index number) {
    if (schema.kind() == ValueKind::Boolean) return schema.boolean() ? kAccept : kRefuse;
    if (!schema.is_object()) {
        error(where(keyword, key, number), "a schema must be an object, true or false");
        return kAccept;
    }
    if (schema.members().empty()) return kAccept;
    if (const Json* reference = schema.find("$ref")) {
        const std::string at = where(keyword, key, number) + "/$ref";
        if (reference->is_string()) return add_target(reference->text(), base(), context, at);
        error(at, "must be a string: the URI of a schema");
        return kAccept;
    }
    Item item{&schema, current_, kNone};
    item.keyword = keyword;
    item.key = key;
    item.number = number;
    item.context = context;
    return enqueue(item, base());
}

/// Follows references until something else is there.
Index SchemaCompiler::add_target(std::string_view reference, const std::string& base, Context context,
                                 const std::string& where) {
    std::string from = base;
    for (int i = 0; i < kLongestChain; ++i) {
        const base::Result<SchemaPlace> found = index_.find(from, reference);
        if (found.has_error()) {
            error(where, found.error().message);
            return kAccept;
        }
        const Json& target = *found->schema;
        if (target.kind() == ValueKind::Boolean) return target.boolean() ? kAccept : kRefuse;
        if (!target.is_object()) {
            error(where,
                  fmt::format("'{}' is no schema, which would be an object, true or false", reference));
            return kAccept;
        }
        const Json* next = target.find("$ref");
        if (next == nullptr || !next->is_string()) {
            const auto [known, is_new] = targets_.try_emplace({&target, context}, kNone);
            if (is_new) {
                places_.push_back(*found);
                Item item{&target, kNone, static_cast<std::uint32_t>(places_.size() - 1)};
                item.context = context;
                known->second = enqueue(item, found->base);
            }
            return known->second;
        }
        from = SchemaIndex::base_within(target, found->base);
        reference = next->text();
    }
    error(where,
          fmt::format("refers to itself, or on and on through more than {} references", kLongestChain));
    return kAccept;
}

Index SchemaCompiler::enqueue(Item item, const std::string& base) {
    if (plan_->nodes.size() >= kMostNodes) {
        if (out_.errors.empty()) error("", fmt::format("more than {} schemas within each other", kMostNodes));
        return kAccept;
    }
    item.base = item.parent == kNone ? kNone : items_[item.parent].base;
    if (item.base == kNone || item.schema->find("$id") != nullptr) {
        bases_.push_back(SchemaIndex::base_within(*item.schema, base));
        item.base = static_cast<std::uint32_t>(bases_.size() - 1);
    }
    const auto node = static_cast<Index>(plan_->nodes.size());
    plan_->nodes.emplace_back();
    items_.push_back(item);
    item_nodes_.push_back(node);
    return node;
}

void SchemaCompiler::compile_item(std::uint32_t item) {
    current_ = item;
    read_keywords(*items_[item].schema);
    Node node;
    compile_keywords(node);
    plan_->nodes[item_nodes_[item]] = node;
}

/// Which values need no more than a look at their type.
void SchemaCompiler::mark_plain_kinds() {
    for (Node& node : plan_->nodes) {
        node.is_composed = node.constants != kNone || node.combination != kNone;
        if (node.is_composed) continue;
        node.plain = node.kinds & kAllKinds;
        const auto except = [&](Index checks, Kinds kinds) {
            if (checks != kNone) node.plain &= static_cast<Kinds>(~kinds);
        };
        except(node.numbers, kNumber);
        except(node.strings, kind_bit(ValueKind::String));
        except(node.arrays, kind_bit(ValueKind::Array));
        except(node.objects, kind_bit(ValueKind::Object));
    }
    for (Slot& slot : plan_->slots) {
        if (slot.is_all) slot.settled = plan_->nodes[slot.node].plain;
    }
}

SchemaCompiler::Context SchemaCompiler::context_below() const {
    return context() == Context::AsWritten ? Context::AsWritten : Context::Closing;
}

/// The nodes that look at the same value as `node` does.
std::vector<Index> SchemaCompiler::same_value_nodes(const Node& node) const {
    std::vector<Index> nodes;
    if (node.combination != kNone) {
        const Combination& combination = plan_->combinations[node.combination];
        for (const Range range : {combination.all, combination.any, combination.one}) {
            nodes.insert(nodes.end(), plan_->children.begin() + range.begin,
                         plan_->children.begin() + range.end);
        }
        if (combination.negated != kNone) nodes.push_back(combination.negated);
    }
    if (node.objects != kNone) {
        const Range range = plan_->objects[node.objects].dependencies;
        for (Index i = range.begin; i < range.end; ++i) nodes.push_back(plan_->dependencies[i].node);
    }
    return nodes;
}

/// {"$ref": "#"} in an `allOf` of the root would be checked without end, as nothing of the value is used up
/// on the way.
void SchemaCompiler::refuse_endless_checks() {
    enum class State : std::uint8_t { New, Open, Done };
    std::vector<State> states(plan_->nodes.size(), State::New);
    struct Frame {
        Index node;
        std::vector<Index> next;
    };
    std::vector<Frame> stack;
    for (std::uint32_t item = 0; item < items_.size(); ++item) {
        if (states[item_nodes_[item]] != State::New) continue;
        states[item_nodes_[item]] = State::Open;
        stack.push_back({item_nodes_[item], same_value_nodes(plan_->nodes[item_nodes_[item]])});
        while (!stack.empty()) {
            Frame& frame = stack.back();
            if (frame.next.empty()) {
                states[frame.node] = State::Done;
                stack.pop_back();
                continue;
            }
            const Index next = frame.next.back();
            frame.next.pop_back();
            if (states[next] == State::Open) {
                current_ = item;
                error("", "refers back to itself for the same value, so that checking would never end");
                return;
            }
            if (states[next] == State::Done) continue;
            states[next] = State::Open;
            stack.push_back({next, same_value_nodes(plan_->nodes[next])});
        }
    }
}

std::string SchemaCompiler::pointer_of(const Item& item, std::uint32_t& file) const {
    if (item.parent == kNone) {
        file = places_[item.place].file;
        return places_[item.place].pointer;
    }
    return pointer_of(items_[item.parent], file) + where(item.keyword, item.key, item.number);
}

void SchemaCompiler::report(std::vector<SchemaProblem>& list, const std::string& where, std::string message) {
    std::uint32_t file = 0;
    const std::string pointer = current_ == kNone ? "" : pointer_of(items_[current_], file);
    list.push_back({index_.file_name(file), pointer + where, std::move(message)});
}

void SchemaCompiler::error(const std::string& where, std::string message) {
    if (out_.errors.size() < kMostErrors) report(out_.errors, where, std::move(message));
}

void SchemaCompiler::warn(const std::string& where, std::string message) {
    if (out_.warnings.size() < kMostWarnings) report(out_.warnings, where, std::move(message));
}

}  // namespace aep::xdm
