#include "xdm/member_text.hpp"

#include <simdjson.h>

#include <stdexcept>

namespace aep::xdm {

namespace ondemand = simdjson::ondemand;

struct MemberText::Impl {
    ondemand::parser parser;
};

MemberText::MemberText() : impl_{std::make_unique<Impl>()} {}

MemberText::~MemberText() = default;

std::string_view MemberText::find(std::string_view object, std::string_view key) {
    ondemand::document document;
    ondemand::object members;
    const std::size_t readable = object.size() + simdjson::SIMDJSON_PADDING;
    if (impl_->parser.iterate(object.data(), object.size(), readable).get(document) == simdjson::SUCCESS &&
        document.get_object().get(members) == simdjson::SUCCESS) {
        for (auto member : members) {
            std::string_view name;
            if (member.unescaped_key().get(name) != simdjson::SUCCESS) break;
            if (name != key) continue;
            ondemand::value value = member.value();
            std::string_view raw;
            if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS) break;
            return raw;
        }
    }
    throw std::logic_error{"a member of a parsed record cannot be found in its text"};
}

}  // namespace aep::xdm
