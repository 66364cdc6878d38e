#include "base/record_meta.hpp"

#include <array>
#include <utility>

namespace aep::base {
namespace {

constexpr std::array<std::pair<std::string_view, MetaField>, 6> kFields{
    {{"source", MetaField::Source},
     {"host", MetaField::Host},
     {"file", MetaField::File},
     {"peer", MetaField::Peer},
     {"offset", MetaField::Offset},
     {"received_at", MetaField::ReceivedAt}}};

std::string_view text_of(const RecordMeta& meta, MetaField field) {
    switch (field) {
        case MetaField::Source:
            return meta.source;
        case MetaField::Host:
            return meta.host;
        case MetaField::File:
            return meta.file;
        case MetaField::Peer:
            return meta.peer;
        case MetaField::Offset:
        case MetaField::ReceivedAt:
            break;
    }
    return {};
}

}  // namespace

std::optional<MetaField> meta_field(std::string_view name) {
    for (const auto& [word, field] : kFields) {
        if (word == name) return field;
    }
    return std::nullopt;
}

std::string meta_field_names() {
    std::string names;
    for (const auto& [word, field] : kFields) {
        if (!names.empty()) names += ", ";
        names += word;
    }
    return names;
}

bool append_meta(const RecordMeta& meta, MetaField field, std::string& out) {
    if (field == MetaField::Offset) {
        out += std::to_string(meta.offset);
        return true;
    }
    if (field == MetaField::ReceivedAt) {
        out += format_rfc3339(meta.received_at);
        return true;
    }
    const std::string_view text = text_of(meta, field);
    out += text;
    return !text.empty();
}

}  // namespace aep::base
