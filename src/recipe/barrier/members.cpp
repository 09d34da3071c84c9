#include "recipe/barrier/members.hpp"

#include "recipe/parts/entry_names.hpp"

#include <algorithm>

namespace kazoo::recipe {

namespace {

bool is_uuid(std::string_view name) noexcept {
    constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const auto fits = [](char c, char in_form) {
        const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        return in_form == 'x' ? digit : c == in_form;
    };
    return std::ranges::equal(name, form, fits);
}

constexpr std::size_t where_uuids_say_their_version = 12;

} // namespace

bool is_member_name(std::string_view name) noexcept { return is_id(name) || is_uuid(name); }

bool may_be_ours(std::string_view member) noexcept {
    return is_id(member) && member[where_uuids_say_their_version] != '4';
}

std::string as_ours(std::string id) {
    char& version = id[where_uuids_say_their_version];
    if (version == '4') version = '0';
    return id;
}

std::vector<std::string> members_among(const child_names& children) {
    std::vector<std::string> members;
    for (const std::string_view name : children)
        if (is_member_name(name)) members.emplace_back(name);
    std::ranges::sort(members);
    return members;
}

} // namespace kazoo::recipe
