#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "xdm/json.hpp"
#include "xdm/keywords.hpp"
#include "xdm/plan.hpp"
#include "xdm/schema.hpp"
#include "xdm/schema_index.hpp"

namespace aep::xdm {

/// Turns a schema into a plan: a queue of schemas, each of which becomes one node and puts those below it
/// into the queue. A schema that `$ref` names becomes one node however often it is named, so that recursion
/// ends. Confined; used once.
class SchemaCompiler {
  public:
    SchemaCompiler(SchemaIndex& index, LoadedSchema& out) : index_{index}, out_{out} {}

    /// Null where there are errors: they are in `out`.
    [[nodiscard]] std::unique_ptr<const Plan> compile();

  private:
    /// How the registry's rule of closed objects applies.
    enum class Context : std::uint8_t {
        Closing,    ///< to this object and those below
        Member,     ///< not to this object, of which it is a part (`allOf`), but to those below
        AsWritten,  ///< not at all
    };

    /// A schema on its way into the plan. Items stay, so that errors can say where they are.
    struct Item {
        Item(const Json* json, std::uint32_t parent_item, std::uint32_t place_index)
            : schema{json}, parent{parent_item}, place{place_index} {}

        const Json* schema;
        std::uint32_t parent;      ///< in items_; kNone where `place` says where it is
        std::uint32_t place;       ///< in places_: the root, or a target of `$ref`
        std::string_view keyword;  ///< the step from the parent: the keyword, ...
        std::string_view key;      ///< ... and the name below it, ...
        Index number = kNone;      ///< ... or the index
        std::uint32_t base = 0;    ///< in bases_: of the references in it
        Context context = Context::Closing;
    };

    /// A key of an object, while its table is made.
    struct Entry {
        std::string_view key;
        Index node = kAccept;
        bool is_property = false;
        std::uint8_t required_bit = Slot::kNotRequired;
    };
    using Entries = std::vector<Entry>;

    /// The keys that the parts of an `allOf` know.
    struct Union {
        std::vector<std::string_view> keys;
        std::set<const Json*> seen;
        bool has_properties = false;
        bool is_open = false;
    };

    // schema_compiler.cpp: the queue, references, errors.
    Index add(const Json& schema, Context context, std::string_view keyword, std::string_view key = {},
              Index number = kNone);
    Index add_target(std::string_view reference, const std::string& base, Context context,
                     const std::string& where);
    Index enqueue(Item item, const std::string& base);
    void compile_item(std::uint32_t item);
    void mark_plain_kinds();
    void refuse_endless_checks();
    [[nodiscard]] std::vector<Index> same_value_nodes(const Node& node) const;
    [[nodiscard]] std::string pointer_of(const Item& item, std::uint32_t& file) const;
    void error(const std::string& where, std::string message);
    void warn(const std::string& where, std::string message);
    void report(std::vector<SchemaProblem>& list, const std::string& where, std::string message);
    [[nodiscard]] Context context() const { return items_[current_].context; }
    [[nodiscard]] Context context_below() const;
    [[nodiscard]] const std::string& base() const { return bases_[items_[current_].base]; }

    // required_paths.cpp: the primary identity.
    void add_required_paths(const Json& root);

    // schema_keywords.cpp: what applies to any value, to numbers, strings and arrays.
    void read_keywords(const Json& schema);
    [[nodiscard]] const Json* get(Keyword keyword) const {
        return keywords_[static_cast<std::size_t>(keyword)];
    }
    void compile_keywords(Node& node);
    void compile_type(Node& node);
    void compile_numbers(Node& node);
    void compile_strings(Node& node);
    void compile_arrays(Node& node);
    void compile_constants(Node& node);
    void compile_combination(Node& node);
    void confine_to_storage(const Node& node, NumberChecks& checks);
    [[nodiscard]] Kinds read_type_name(const Json& value, const std::string& where);
    [[nodiscard]] std::optional<Number> read_number(Keyword keyword, std::string_view name);
    void read_count(Keyword keyword, std::string_view name, std::uint64_t& count);
    [[nodiscard]] std::vector<Index> add_list(Keyword keyword, std::string_view name, Context context);
    [[nodiscard]] Index add_pattern(std::string_view text, const std::string& where);
    [[nodiscard]] Index add_text(std::string text);
    [[nodiscard]] Range add_children(const std::vector<Index>& nodes);

    // schema_objects.cpp: what applies to objects.
    void compile_objects(Node& node);
    void read_properties(Entries& entries);
    void read_required(Entries& entries, ObjectChecks& checks);
    void read_pattern_properties(ObjectChecks& checks);
    void read_dependencies(ObjectChecks& checks);
    void close_object(Entries& entries, ObjectChecks& checks);
    void gather_union(const Json& schema, const std::string& base, Union& out);
    void make_table(const Entries& entries, ObjectChecks& checks);
    [[nodiscard]] std::uint64_t find_multiplier(const Entries& entries, std::uint8_t hash_shift);
    void add_required_node(const std::vector<std::string_view>& keys);

    SchemaIndex& index_;
    LoadedSchema& out_;
    std::unique_ptr<Plan> plan_ = std::make_unique<Plan>();
    std::deque<Item> items_;  ///< item i becomes node item_nodes_[i]
    std::vector<Index> item_nodes_;
    std::vector<SchemaPlace> places_;
    std::vector<std::string> bases_;
    std::map<std::pair<const Json*, Context>, Index> targets_;  ///< nodes of what `$ref` names
    std::unordered_map<std::string, Index> patterns_;           ///< in plan_->patterns
    std::unordered_set<std::string> remarked_;                  ///< words already warned of

    // Of the item being compiled.
    std::uint32_t current_ = kNone;
    std::array<const Json*, kKeywordCount> keywords_{};
    std::vector<bool> taken_;           ///< slots of the table being made
    std::vector<Index> more_required_;  ///< nodes for required keys beyond the first 64
};

}  // namespace aep::xdm
