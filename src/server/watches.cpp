#include "server/watches.hpp"

#include <algorithm>

namespace kazoo::server {

void watch_table::add(std::string_view path, watcher& who, watch_kind kind) {
    auto at = paths_.find(path);
    if (at == paths_.end()) at = paths_.try_emplace(std::string(path)).first;
    auto& registrations = at->second;
    recursive_ += kind == watch_kind::recursive;
    if (entries_of_[&who].insert(&*at).second) {
        registrations.push_back({&who, kind});
        ++size_;
        return;
    }
    const auto mine = std::find_if(registrations.begin(), registrations.end(), [&](auto& r) { return r.who == &who; });
    recursive_ -= mine->kind == watch_kind::recursive;
    mine->kind = kind;
}

bool watch_table::remove(std::string_view path, watcher& who) {
    const auto at = paths_.find(path);
    const auto mine = entries_of_.find(&who);
    if (at == paths_.end() || mine == entries_of_.end() || mine->second.erase(&*at) == 0) return false;
    if (mine->second.empty()) entries_of_.erase(mine);
    std::erase_if(at->second, [&](const registration& r) {
        if (r.who != &who) return false;
        recursive_ -= r.kind == watch_kind::recursive;
        --size_;
        return true;
    });
    erase_if_unused(*at);
    return true;
}

void watch_table::remove_all(watcher& who) {
    const auto mine = entries_of_.find(&who);
    if (mine == entries_of_.end()) return;
    for (entry* e : mine->second) {
        std::erase_if(e->second, [&](const registration& r) {
            if (r.who != &who) return false;
            recursive_ -= r.kind == watch_kind::recursive;
            --size_;
            return true;
        });
        erase_if_unused(*e);
    }
    entries_of_.erase(mine);
}

void watch_table::erase_if_unused(entry& e) {
    if (e.second.empty()) paths_.erase(paths_.find(e.first));
}

void watch_table::collect(std::string_view path, bool exact, change_kind change) {
    const auto at = paths_.find(path);
    if (at == paths_.end()) return;
    std::erase_if(at->second, [&](const registration& r) {
        if (r.kind == watch_kind::recursive) {
            if (change != change_kind::children_changed) fired_.push_back(r.who);
            return false;
        }
        if (!exact) return false;
        fired_.push_back(r.who);
        if (r.kind == watch_kind::persistent) return false;
        const auto mine = entries_of_.find(r.who);
        mine->second.erase(&*at);
        if (mine->second.empty()) entries_of_.erase(mine);
        --size_;
        return true;
    });
    erase_if_unused(*at);
}

const std::vector<watcher*>& watch_table::fire(change_kind change, std::string_view path, const acl_list& acl,
                                               const std::vector<watcher*>& skip) {
    fired_.clear();
    if (paths_.empty()) return fired_;
    collect(path, true, change);
    if (recursive_ > 0 && change != change_kind::children_changed)
        for (std::string_view at = path; at.size() > 1;) {
            at = parent_of(at);
            if (at.empty()) at = "/";
            collect(at, false, change);
        }
    // One event each, however many watches of it match.
    const auto earlier = [](const watcher* a, const watcher* b) { return a->order() < b->order(); };
    std::sort(fired_.begin(), fired_.end(), earlier);
    fired_.erase(std::unique(fired_.begin(), fired_.end()), fired_.end());
    for (watcher* who : fired_)
        if (!std::binary_search(skip.begin(), skip.end(), who, earlier)) who->notify(change, path, acl);
    return fired_;
}

std::size_t watch_table::count_of(const watcher& who) const noexcept {
    const auto mine = entries_of_.find(&who);
    return mine == entries_of_.end() ? 0 : mine->second.size();
}

} // namespace kazoo::server
