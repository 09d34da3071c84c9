#include "acl_argument.hpp"

#include "usage_error.hpp"

#include <string_view>

namespace kz {

namespace {

kazoo::perms parse_perms(std::string_view letters, const std::string& entry) {
    if (letters.empty()) throw usage_error("--acl " + entry + ": permits nothing");
    auto perms = kazoo::perms::none;
    for (const char letter : letters) {
        switch (letter) {
        case 'c': perms = perms | kazoo::perms::create; break;
        case 'd': perms = perms | kazoo::perms::remove; break;
        case 'r': perms = perms | kazoo::perms::read; break;
        case 'w': perms = perms | kazoo::perms::write; break;
        case 'a': perms = perms | kazoo::perms::admin; break;
        default: throw usage_error("--acl " + entry + ": permissions are letters of cdrwa");
        }
    }
    return perms;
}

} // namespace

std::vector<kazoo::acl> parse_acl(const std::vector<std::string>& entries) {
    std::vector<kazoo::acl> list;
    const auto append = [&](kazoo::acl_view known) {
        list.insert(list.end(), known.entries().begin(), known.entries().end());
    };
    for (const auto& entry : entries) {
        if (entry == "open") {
            append(kazoo::acls::open_unsafe());
        } else if (entry == "read") {
            append(kazoo::acls::read_unsafe());
        } else if (entry == "creator") {
            append(kazoo::acls::creator_all());
        } else {
            // The id of scheme digest has a colon of its own.
            const auto first = entry.find(':'), last = entry.rfind(':');
            if (first == std::string::npos || first == last)
                throw usage_error("--acl " + entry + ": expected SCHEME:ID:PERMS, open, read or creator");
            list.push_back({parse_perms(std::string_view(entry).substr(last + 1), entry), entry.substr(0, first),
                            entry.substr(first + 1, last - first - 1)});
        }
    }
    return list;
}

} // namespace kz
