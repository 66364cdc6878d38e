#include "xdm/observed.hpp"

#include <simdjson.h>

#include <algorithm>

#include "xdm/looks.hpp"

namespace aep::xdm {
namespace {

namespace dom = simdjson::dom;

/// A map's keys are seldom the same in two objects; a record's are mostly.
constexpr std::size_t kFewKeys = 30;
constexpr std::uint64_t kSeldom = 5;  ///< a key is in less than one of so many objects

}  // namespace

void Observed::count_type(Type type) {
    ++count_;
    ++types_.at(static_cast<std::size_t>(type));
}

void Observed::add(const dom::element& value) {
    switch (value.type()) {
        case dom::element_type::NULL_VALUE:
            return count_type(Type::Null);
        case dom::element_type::BOOL:
            return count_type(Type::Boolean);
        case dom::element_type::INT64:
            return add_integer(value.get_int64());
        case dom::element_type::UINT64:
            beyond_int64_ = true;
            return count_type(Type::Integer);
        case dom::element_type::DOUBLE:
            return count_type(Type::Number);
        case dom::element_type::STRING:
            return add_string(value.get_string());
        case dom::element_type::OBJECT:
            return add_object(value);
        case dom::element_type::ARRAY:
            return add_array(value);
    }
}

void Observed::add_integer(std::int64_t number) {
    count_type(Type::Integer);
    smallest_ = std::min(smallest_, number);
    largest_ = std::max(largest_, number);
}

void Observed::add_string(std::string_view text) {
    count_type(Type::String);
    formats_.date_time = formats_.date_time && looks_like_date_time(text);
    formats_.date = formats_.date && looks_like_date(text);
    formats_.email = formats_.email && looks_like_email(text);
    formats_.uri = formats_.uri && looks_like_uri(text);
    if (!keeps_distinct_) return;
    if (text.size() <= kLongestDistinct) distinct_.emplace(text);
    if (text.size() > kLongestDistinct || distinct_.size() > kMostDistinct) {
        keeps_distinct_ = false;
        distinct_.clear();
    }
}

void Observed::add_object(const dom::element& value) {
    count_type(Type::Object);
    if (free_form_) return;
    const dom::object members = value.get_object();
    for (const auto member : members) {
        if (!values_ && !properties_.contains(member.key)) {
            if (nodes_ >= kMostNodes) return become_free_form();
            if (member.key.size() > kLongestKey || properties_.size() == kMostKeys) become_map();
        }
        if (values_) {
            values_->add(member.value);
            continue;
        }
        Property& property = properties_[std::string{member.key}];
        if (!property.value) property.value = std::make_unique<Observed>(nodes_);
        const std::uint64_t object = count(Type::Object);
        if (property.last_object != object) ++property.objects;
        property.last_object = object;
        property.value->add(member.value);
    }
}

void Observed::add_array(const dom::element& value) {
    count_type(Type::Array);
    const dom::array items = value.get_array();
    for (const dom::element item : items) {
        if (!items_ && nodes_ >= kMostNodes) any_items_ = true;
        if (any_items_) return;
        if (!items_) items_ = std::make_unique<Observed>(nodes_);
        items_->add(item);
    }
}

bool Observed::keys_look_like_data() const {
    if (properties_.size() < 2) return false;
    if (std::ranges::all_of(properties_, [](const auto& one) { return looks_like_data(one.first); })) {
        return true;
    }
    if (properties_.size() <= kFewKeys) return false;
    std::uint64_t present = 0;
    for (const auto& [key, property] : properties_) present += property.objects;
    return present * kSeldom < count(Type::Object) * properties_.size();
}

void Observed::find_maps() {
    const auto look_into = [](Observed& below) {
        below.find_maps();
        if (below.keys_look_like_data()) below.become_map();
    };
    for (const auto& [key, property] : properties_) {
        // Its keys are namespaces: data, however few of them the samples have.
        if (key == "identityMap") property.value->become_map();
        look_into(*property.value);
    }
    if (values_) look_into(*values_);
    if (items_) look_into(*items_);
}

void Observed::become_map() {
    if (values_ || free_form_ || count(Type::Object) == 0) return;
    values_ = std::make_unique<Observed>(nodes_);
    for (auto& [key, property] : properties_) values_->merge(*property.value);
    properties_.clear();
}

void Observed::become_free_form() {
    free_form_ = true;
    properties_.clear();
    values_.reset();
}

void Observed::merge(Observed& other) {
    for (std::size_t i = 0; i < kTypes; ++i) types_.at(i) += other.types_.at(i);
    count_ += other.count_;
    smallest_ = std::min(smallest_, other.smallest_);
    largest_ = std::max(largest_, other.largest_);
    beyond_int64_ = beyond_int64_ || other.beyond_int64_;
    formats_.date_time = formats_.date_time && other.formats_.date_time;
    formats_.date = formats_.date && other.formats_.date;
    formats_.email = formats_.email && other.formats_.email;
    formats_.uri = formats_.uri && other.formats_.uri;
    distinct_.merge(other.distinct_);
    keeps_distinct_ = keeps_distinct_ && other.keeps_distinct_ && distinct_.size() <= kMostDistinct;
    if (!keeps_distinct_) distinct_.clear();
    merge_items(other);
    merge_objects(other);
}

void Observed::merge_items(Observed& other) {
    any_items_ = any_items_ || other.any_items_;
    if (any_items_) items_.reset();
    if (any_items_ || !other.items_) return;
    if (items_) {
        items_->merge(*other.items_);
    } else {
        items_ = std::move(other.items_);
    }
}

void Observed::merge_objects(Observed& other) {
    if (free_form_ || other.free_form_) return become_free_form();
    if (other.values_) become_map();
    if (values_) {
        other.become_map();
        if (other.values_) values_->merge(*other.values_);
        return;
    }
    for (auto& [key, property] : other.properties_) {
        if (!properties_.contains(key) && properties_.size() == kMostKeys) become_map();
        if (values_) {
            values_->merge(*property.value);
            continue;
        }
        Property& mine = properties_[key];
        mine.objects += property.objects;
        if (mine.value) {
            mine.value->merge(*property.value);
        } else {
            mine.value = std::move(property.value);
        }
    }
}

}  // namespace aep::xdm
