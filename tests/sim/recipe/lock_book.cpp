#include "lock_book.hpp"

#include "testing/sim/sim_link.hpp"

#include <kazoo/path.hpp>

#include <algorithm>

namespace kazoo::testkit {

namespace {

constexpr std::size_t id_length = 32;
/// Less than any reply to a create of ours has.
constexpr std::uint64_t least_reply = 100;

} // namespace

bool lock_book::is_site(std::string_view path) const { return std::ranges::find(sites_, path) != sites_.end(); }

lock_entry* lock_book::find(std::string_view path) {
    const auto at = entries_.find(path);
    return at == entries_.end() ? nullptr : &at->second;
}

bool lock_book::taken_away(std::string_view path) {
    if (const lock_entry* e = find(path)) return e->taken_away;
    if (!forgotten_.contains(path) && strangers_.emplace(path).second)
        complaints_.push_back("held by " + std::string(path) + ", which never was");
    return true;
}

void lock_book::on_write(const sim_write& w) {
    using enum proto::opcode;
    if (w.write.error != errc{}) return;
    switch (w.write.type) {
    case create:
    case create2:
        if (is_site(path::parent(w.write.path))) on_create(w);
        return;
    case remove:
        if (is_site(w.write.path)) counts_.add(mutex_counts::paths_vanished);
        on_remove(w);
        return;
    case close_session:
        for (auto& [path, e] : entries_)
            if (e.session == w.write.session) e.exists = false;
        return;
    default: return;
    }
}

void lock_book::on_create(const sim_write& w) {
    const std::string_view folder = path::parent(w.write.path);
    const server::znode& node = *world_.server().nodes().find(w.write.path);
    lock_entry e;
    e.path = w.write.path;
    e.id = node.name().substr(0, id_length);
    e.created = zxid{w.write.zxid};
    e.session = w.write.session;
    e.late = w.late;
    e.had_to_wait = world_.server().nodes().find(folder)->children.size() > 1;
    if (w.link != nullptr) {
        e.link = w.link->weak_from_this();
        e.answer_begins = w.link->sent_to_client() + world_.server().unsent(w.link->server_side).size();
    }
    if (const auto before = last_of_.find(e.id); before != last_of_.end()) {
        const lock_entry& old = entries_.at(before->second);
        if (old.session != e.session)
            counts_.add(mutex_counts::lost_while_waiting);
        else if (old.deleted_by_others)
            counts_.add(mutex_counts::deletions_noticed_waiting);
        else if (old.exists && old.answer == lock_entry::reply::lost && !old.late && !e.late)
            complaints_.push_back(e.path + " was made although " + old.path + " is there");
    }
    last_of_[e.id] = e.path;
    unanswered_.push_back(e.path);
    std::string path = e.path; // may come again, when the lock path vanished meanwhile
    entries_.insert_or_assign(std::move(path), std::move(e));
}

void lock_book::on_remove(const sim_write& w) {
    lock_entry* const found = find(w.write.path);
    if (found == nullptr) return;
    lock_entry& e = *found;
    e.exists = false;
    if (w.write.session != e.session) {
        e.taken_away = e.deleted_by_others = true;
    } else if (e.answer == lock_entry::reply::lost && !e.was_held) {
        counts_.add(mutex_counts::orphans_cleaned);
    }
}

std::size_t lock_book::contending(std::int64_t session, std::string_view site) const {
    std::set<std::string_view> ids;
    for (const auto& [path, e] : entries_)
        if (e.exists && e.session == session && path::parent(path) == site) ids.insert(e.id);
    return ids.size();
}

void lock_book::on_forced_end(std::int64_t session) {
    for (auto& [path, e] : entries_)
        if (e.session == session) e.taken_away = true;
}

void lock_book::on_forget() {
    for (const auto& [path, e] : entries_) forgotten_.insert(path);
    entries_.clear();
    last_of_.clear();
    unanswered_.clear();
}

void lock_book::look_for_lost_replies() {
    std::erase_if(unanswered_, [this](const std::string& path) {
        lock_entry& e = entries_.at(path);
        const auto link = e.link.lock();
        if (link && link->read_by_client() >= e.answer_begins + least_reply) {
            e.answer = lock_entry::reply::read;
            return true;
        }
        if (link && link->client_open()) return false;
        e.answer = lock_entry::reply::lost;
        counts_.add(mutex_counts::create_replies_lost);
        return true;
    });
}

} // namespace kazoo::testkit
