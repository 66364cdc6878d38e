#include "xdm/text_rewrite.hpp"

#include <simdjson.h>

#include <map>
#include <stdexcept>

#include "base/json_text.hpp"
#include "xdm/json_pointer.hpp"

namespace aep::xdm {
namespace {

namespace ondemand = simdjson::ondemand;

/// The changes as a tree: a step for each token of their pointers.
struct Step {
    const TextChange* change = nullptr;
    std::map<std::string, Step, std::less<>> below;

    [[nodiscard]] const Step* find(std::string_view token) const {
        const auto found = below.find(token);
        return found == below.end() ? nullptr : &found->second;
    }
};

Step make_tree(const std::vector<TextChange>& changes) {
    Step root;
    for (const TextChange& change : changes) {
        Step* step = &root;
        for (std::string& token : pointer_steps(change.pointer)) step = &step->below[std::move(token)];
        step->change = &change;
    }
    return root;
}

/// The text was parsed before: an error here is a broken invariant.
void expect(simdjson::error_code error) {
    if (error != simdjson::SUCCESS) {
        throw std::logic_error{std::string{"a parsed record cannot be walked: "} +
                               simdjson::error_message(error)};
    }
}

/// As it is written; of a number with the white space behind it.
std::string_view raw_text(ondemand::value value) {
    std::string_view raw;
    expect(simdjson::to_json_string(value).get(raw));
    return raw;
}

}  // namespace

struct TextRewrite::Impl {
    ondemand::parser parser;
    std::string out;

    void write(ondemand::value value, const Step* step);
    void write_change(ondemand::value value, const TextChange& change);
    void write_object(ondemand::object object, const Step& step);
    void write_array(ondemand::array array, const Step& step);
    [[nodiscard]] static bool removes(const Step* step) {
        return step != nullptr && step->change != nullptr && step->change->what == TextChange::What::Remove;
    }
};

void TextRewrite::Impl::write(ondemand::value value, const Step* step) {
    if (step != nullptr && step->change != nullptr) return write_change(value, *step->change);
    ondemand::json_type type{};
    expect(value.type().get(type));
    if (step != nullptr && type == ondemand::json_type::object) {
        ondemand::object object;
        expect(value.get_object().get(object));
        return write_object(object, *step);
    }
    if (step != nullptr && type == ondemand::json_type::array) {
        ondemand::array array;
        expect(value.get_array().get(array));
        return write_array(array, *step);
    }
    out += raw_text(value);
}

void TextRewrite::Impl::write_change(ondemand::value value, const TextChange& change) {
    if (change.what == TextChange::What::Replace) {
        out += change.json;
        return;
    }
    std::string_view number = raw_text(value);
    number = number.substr(0, number.find_last_not_of(" \t\r\n") + 1);
    base::append_json_string(out, number);
}

void TextRewrite::Impl::write_object(ondemand::object object, const Step& step) {
    out += '{';
    for (auto field : object) {
        std::string_view name;
        expect(field.unescaped_key().get(name));
        const Step* below = step.find(name);
        if (removes(below)) continue;
        if (out.back() != '{') out += ',';
        base::append_json_string(out, name);
        out += ':';
        write(field.value(), below);
    }
    out += '}';
}

void TextRewrite::Impl::write_array(ondemand::array array, const Step& step) {
    out += '[';
    std::size_t index = 0;
    for (auto item : array) {
        const Step* below = step.find(std::to_string(index++));
        if (removes(below)) continue;
        if (out.back() != '[') out += ',';
        ondemand::value value;
        expect(item.get(value));
        write(value, below);
    }
    out += ']';
}

TextRewrite::TextRewrite() : impl_{std::make_unique<Impl>()} {}

TextRewrite::~TextRewrite() = default;

std::string_view TextRewrite::apply(std::string_view text, const std::vector<TextChange>& changes) {
    const Step root = make_tree(changes);
    Impl& impl = *impl_;
    impl.out.clear();
    ondemand::document document;
    ondemand::object object;
    expect(impl.parser.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING)
               .get(document));
    expect(document.get_object().get(object));
    impl.write_object(object, root);
    impl.out.reserve(impl.out.size() + simdjson::SIMDJSON_PADDING);
    return impl.out;
}

}  // namespace aep::xdm
