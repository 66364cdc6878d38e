#include "xdm/schema_inference.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/pretty_json.hpp"
#include "xdm/json_pointer.hpp"

namespace aep::xdm {
namespace {

using Type = Observed::Type;

/// Fewer values of a string prove nothing about which there are.
constexpr std::uint64_t kEvidenceForSuggestions = 5;

constexpr std::int64_t kLargestSafe = (std::int64_t{1} << 53U) - 1;  // of `long`

/// An integer type of XDM and the range that it stores.
struct IntegerType {
    std::string_view name;
    std::int64_t minimum;
    std::int64_t maximum;
};
constexpr IntegerType kIntegerTypes[] = {{"int", INT32_MIN, INT32_MAX},
                                         {"long", -kLargestSafe, kLargestSafe}};

const IntegerType* integer_type(const Observed& seen) {
    if (seen.beyond_int64()) return nullptr;
    for (const IntegerType& type : kIntegerTypes) {
        if (seen.smallest() >= type.minimum && seen.largest() <= type.maximum) return &type;
    }
    return nullptr;
}

struct TypeName {
    Type type;
    std::string_view name;
};
constexpr TypeName kTypeNames[] = {{Type::Object, "object"},   {Type::Array, "array"},
                                   {Type::String, "string"},   {Type::Number, "number"},
                                   {Type::Integer, "integer"}, {Type::Boolean, "boolean"},
                                   {Type::Null, "null"}};

/// Writes the schema of each node, and notes what is doubtful about it.
class Writer {
  public:
    explicit Writer(std::vector<std::string>& notes) : notes_{notes} {}

    std::string write(const Observed& root) {
        json_.begin_object();
        json_.key("$schema").string("http://json-schema.org/draft-06/schema#");
        json_.key("title").string(fmt::format("Proposed from {} sample records", root.count()));
        members(root, "", 0);
        json_.end();
        return json_.take();
    }

  private:
    /// `of`: how many objects or arrays could have held it; 0 where that says nothing.
    void node(const Observed& seen, const std::string& pointer, std::uint64_t of) {
        json_.begin_object();
        members(seen, pointer, of);
        json_.end();
    }

    void members(const Observed& seen, const std::string& pointer, std::uint64_t of) {
        const std::vector<TypeName> types = types_of(seen);
        write_types(types);
        note_types(seen, types, pointer);
        const bool single = types.size() == 1;
        for (const TypeName& type : types) {
            if (type.type == Type::Object) object(seen, pointer, single);
            if (type.type == Type::Array) array(seen, pointer, single);
            if (type.type == Type::String) string(seen, single);
            if (type.type == Type::Integer) integer(seen, pointer, single);
            if (single && type.type == Type::Number) xdm_type("number");
            if (single && type.type == Type::Boolean) xdm_type("boolean");
        }
        evidence(seen, types, of);
    }

    /// Integers among numbers are numbers.
    static std::vector<TypeName> types_of(const Observed& seen) {
        std::vector<TypeName> types;
        for (const TypeName& one : kTypeNames) {
            const bool covered = one.type == Type::Integer && seen.count(Type::Number) > 0;
            if (seen.count(one.type) > 0 && !covered) types.push_back(one);
        }
        return types;
    }

    void write_types(const std::vector<TypeName>& types) {
        if (types.empty()) return;
        json_.key("type");
        if (types.size() == 1) {
            json_.string(types.front().name);
            return;
        }
        json_.begin_array();
        for (const TypeName& type : types) json_.string(type.name);
        json_.end();
    }

    void note_types(const Observed& seen, const std::vector<TypeName>& types, const std::string& pointer) {
        const std::string place = place_of(pointer);
        std::string mixed;
        std::size_t kinds = 0;
        for (const TypeName& type : types) {
            if (type.type == Type::Null) continue;
            mixed += fmt::format("{}{} {}", kinds++ == 0 ? "" : ", ", seen.count(type.type), type.name);
        }
        if (pointer == "/_id" && seen.count(Type::String) < seen.count()) {
            notes_.push_back("/_id: AEP takes only strings; aep-agent sends a number's digits as one");
        }
        if (kinds > 1)
            notes_.push_back(fmt::format("{}: mixed types: {}; an XDM field has one", place, mixed));
        if (seen.count(Type::Null) > 0) {
            notes_.push_back(fmt::format("{}: null in {} of {}; AEP refuses null, leave the member out",
                                         place, seen.count(Type::Null), seen.count()));
        }
    }

    static std::string place_of(const std::string& pointer) {
        return pointer.empty() ? "the record" : pointer;
    }

    void xdm_type(std::string_view name) { json_.key("meta:xdmType").string(name); }

    void object(const Observed& seen, const std::string& pointer, bool single) {
        const bool is_map = seen.values() != nullptr;
        if (single) xdm_type(is_map ? "map" : "object");
        if (is_map) {
            json_.key("additionalProperties");
            node(*seen.values(), pointer + "/*", 0);
            return;
        }
        if (seen.free_form()) {
            notes_.push_back(fmt::format("{}: too many different keys to tell apart", place_of(pointer)));
            return;
        }
        if (seen.properties().empty()) return;
        json_.key("properties").begin_object();
        for (const auto& [key, property] : seen.properties()) {
            json_.key(key);
            std::string below = pointer;
            append_pointer_step(below, key);
            node(*property.value, below, seen.count(Type::Object));
        }
        json_.end();
        required(seen);
    }

    void required(const Observed& seen) {
        std::vector<std::string_view> keys;
        for (const auto& [key, property] : seen.properties()) {
            if (property.objects == seen.count(Type::Object)) keys.push_back(key);
        }
        if (keys.empty()) return;
        json_.key("required").begin_array();
        for (const std::string_view key : keys) json_.string(key);
        json_.end();
    }

    void array(const Observed& seen, const std::string& pointer, bool single) {
        if (single) xdm_type("array");
        if (seen.items() == nullptr) return;
        json_.key("items");
        node(*seen.items(), pointer + "/*", 0);
    }

    void string(const Observed& seen, bool single) {
        const Observed::Formats& formats = seen.formats();
        const std::string_view format = formats.date_time ? "date-time"
                                        : formats.date    ? "date"
                                        : formats.email   ? "email"
                                        : formats.uri     ? "uri"
                                                          : "";
        if (!format.empty()) json_.key("format").string(format);
        if (single) xdm_type(formats.date_time || formats.date ? format : "string");
        if (!format.empty() || seen.distinct().empty() ||
            seen.count(Type::String) < kEvidenceForSuggestions * seen.distinct().size()) {
            return;
        }
        json_.key("meta:enum").begin_object();
        for (const std::string& value : seen.distinct()) json_.key(value).string(value);
        json_.end();
    }

    void integer(const Observed& seen, const std::string& pointer, bool single) {
        const IntegerType* type = integer_type(seen);
        if (type == nullptr) {
            notes_.push_back(fmt::format(
                "{}: integers beyond 2^53, which XDM's long cannot hold; a string field keeps them",
                pointer));
        } else if (single) {
            xdm_type(type->name);
            json_.key("minimum").raw(std::to_string(type->minimum));
            json_.key("maximum").raw(std::to_string(type->maximum));
        }
    }

    void evidence(const Observed& seen, const std::vector<TypeName>& types, std::uint64_t of) {
        json_.key("meta:evidence").begin_object();
        json_.key("count").raw(std::to_string(seen.count()));
        if (of > 0) json_.key("of").raw(std::to_string(of));
        for (const TypeName& type : types) {
            if (types.size() > 1) json_.key(type.name).raw(std::to_string(seen.count(type.type)));
        }
        if (seen.count(Type::Integer) > 0 && seen.smallest() <= seen.largest()) {
            json_.key("smallest").raw(std::to_string(seen.smallest()));
            json_.key("largest").raw(std::to_string(seen.largest()));
        }
        json_.end();
    }

    base::PrettyJson json_;
    std::vector<std::string>& notes_;
};

}  // namespace

SchemaInference::Proposal SchemaInference::propose() {
    root_.find_maps();
    Proposal proposal;
    proposal.schema = Writer{proposal.notes}.write(root_);
    return proposal;
}

}  // namespace aep::xdm
