#include "recipe/watch/cached_nodes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace kazoo::recipe {

cached_nodes::cached_nodes(std::string top) : top_(std::move(top)), buckets_(16) {}

cached_nodes::~cached_nodes() {
    for (cached_entry* e = &root_;;) { // not by recursion: trees may be deep
        while (e->first_child != nullptr) e = e->first_child;
        if (e == &root_) return;
        cached_entry* const parent = e->parent;
        take_out(*e);
        delete e;
        e = parent;
    }
}

std::size_t cached_nodes::bucket_of(const cached_entry& parent, std::string_view name) const noexcept {
    const std::size_t where = std::hash<const void*>{}(&parent) * 0x9E3779B97F4A7C15U;
    return (std::hash<std::string_view>{}(name) ^ (where >> 16)) & (buckets_.size() - 1);
}

cached_entry* cached_nodes::child(const cached_entry& parent, std::string_view name) const noexcept {
    cached_entry* e = buckets_[bucket_of(parent, name)];
    while (e != nullptr && (e->parent != &parent || e->name != name)) e = e->same_bucket;
    return e;
}

cached_entry& cached_nodes::add(cached_entry& parent, std::string_view name) {
    if (count_ >= buckets_.size()) grow();
    auto* const e = new cached_entry;
    e->name.assign(name);
    e->parent = &parent;
    e->next = std::exchange(parent.first_child, e);
    if (e->next != nullptr) e->next->previous = e;
    e->same_bucket = std::exchange(buckets_[bucket_of(parent, name)], e);
    ++count_;
    return *e;
}

void cached_nodes::take_out(cached_entry& e) noexcept {
    cached_entry** link = &buckets_[bucket_of(*e.parent, e.name)];
    while (*link != &e) link = &(*link)->same_bucket;
    *link = e.same_bucket;
    (e.previous != nullptr ? e.previous->next : e.parent->first_child) = e.next;
    if (e.next != nullptr) e.next->previous = e.previous;
    e.leave();
    --count_;
}

void cached_nodes::grow() {
    std::vector<cached_entry*> old(buckets_.size() * 2);
    std::swap(old, buckets_);
    for (cached_entry* e : old)
        while (e != nullptr) {
            cached_entry*& bucket = buckets_[bucket_of(*e->parent, e->name)];
            cached_entry* const rest = std::exchange(e->same_bucket, bucket);
            bucket = std::exchange(e, rest);
        }
}

std::string_view cached_nodes::relative(std::string_view path) const noexcept {
    path.remove_prefix(std::min(path.size(), top_ == "/" ? 1 : top_.size()));
    if (path.starts_with('/')) path.remove_prefix(1);
    return path;
}

cached_nodes::place cached_nodes::find(std::string_view path) noexcept {
    place found{&root_, 0};
    for (std::string_view rest = relative(path); !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
        cached_entry* const next = found.missing == 0 ? child(*found.deepest, name) : nullptr;
        if (next != nullptr)
            found.deepest = next;
        else
            ++found.missing;
    }
    return found;
}

std::string cached_nodes::path_of(const cached_entry& of) const {
    std::size_t length = top_ == "/" ? 0 : top_.size();
    for (const cached_entry* e = &of; e != &root_; e = e->parent) length += e->name.size() + 1;
    if (length == 0) return "/";
    std::string path(length, '/');
    for (const cached_entry* e = &of; e != &root_; e = e->parent) {
        length -= e->name.size();
        std::ranges::copy(e->name, path.begin() + static_cast<std::ptrdiff_t>(length));
        --length;
    }
    if (top_ != "/") std::ranges::copy(top_, path.begin());
    return path;
}

std::size_t cached_nodes::depth_of(const cached_entry& of) const noexcept {
    std::size_t depth = 0;
    for (const cached_entry* e = &of; e != &root_; e = e->parent) ++depth;
    return depth;
}

} // namespace kazoo::recipe
