#include "xdm/observed.hpp"

#include <algorithm>

#include "xdm/dom_view.hpp"
#include "xdm/json.hpp"
#include "xdm/looks.hpp"

namespace aep::xdm {
namespace {

/// A map's keys are seldom the same in two objects; a record's are mostly.
constexpr std::size_t kFewKeys = 30;
constexpr std::uint64_t kSeldom = 5;  ///< a key is in less than one of so many objects

}  // namespace

void Observed::count_type(Type type) {
    ++count_;
    ++types_.at(static_cast<std::size_t>(type));
}

template <ValueView V>
void Observed::add(const V& value) {
    switch (value.kind()) {
        case ValueKind::Null:
            return count_type(Type::Null);
        case ValueKind::Boolean:
            return count_type(Type::Boolean);
        case ValueKind::Integer:
            return add_integer(value.integer());
        case ValueKind::Unsigned:
            beyond_int64_ = true;
            return count_type(Type::Integer);
        case ValueKind::Real:
            return count_type(Type::Number);
        case ValueKind::Big:
            return add_big(value.text());
        case ValueKind::String:
            return add_string(value.text());
        case ValueKind::Object:
            return add_object(value);
        case ValueKind::Array:
            return add_array(value);
    }
}

/// As everywhere here, what is written with a fraction or an exponent is a number.
void Observed::add_big(std::string_view number) {
    if (number.find_first_of(".eE") != std::string_view::npos) return count_type(Type::Number);
    beyond_int64_ = true;
    count_type(Type::Integer);
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

template <ValueView V>
void Observed::add_object(const V& value) {
    count_type(Type::Object);
    value.for_each_member([this](std::string_view key, const V& member) {
        if (!free_form_) add_member(key, member);
        return !free_form_;
    });
}

template <ValueView V>
void Observed::add_member(std::string_view key, const V& value) {
    if (!values_ && !properties_.contains(key)) {
        if (nodes_ >= kMostNodes) return become_free_form();
        if (key.size() > kLongestKey || properties_.size() == kMostKeys) become_map();
    }
    if (values_) return values_->add(value);
    Property& property = properties_[std::string{key}];
    if (!property.value) property.value = std::make_unique<Observed>(nodes_);
    const std::uint64_t object = count(Type::Object);
    if (property.last_object != object) ++property.objects;
    property.last_object = object;
    property.value->add(value);
}

template <ValueView V>
void Observed::add_array(const V& value) {
    count_type(Type::Array);
    value.for_each_item([this](const V& item) {
        if (!items_ && nodes_ >= kMostNodes) any_items_ = true;
        if (any_items_) return false;
        if (!items_) items_ = std::make_unique<Observed>(nodes_);
        items_->add(item);
        return true;
    });
}

template void Observed::add(const DomView& value);
template void Observed::add(const JsonView& value);

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
