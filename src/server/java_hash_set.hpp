#pragma once
// A set that iterates in the order of Java's HashSet<String>.
//
// The order in which a ZooKeeper server lists children and ephemeral nodes, and deletes the latter, is that of its hash
// tables. Nobody may rely on it, but with the same order recorded replies compare byte for byte.
#include "server/java_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kazoo::server {

/// HashMap mixes the upper half of a hash into the lower.
inline std::uint32_t java_hash(std::string_view utf8) noexcept {
    const std::uint32_t hash = java_string_hash(utf8);
    return hash ^ hash >> 16;
}

/// What an element of a java_hash_set carries. The key's characters belong to the element.
template <class Element> struct java_hash_link {
    std::string_view key;
    Element* next = nullptr;
    std::uint32_t hash = 0;
};

/// Intrusive: elements live elsewhere and are linked in. `link(Element&)` finds the link.
template <class Element, java_hash_link<Element>& (*link)(Element&)> class java_hash_set {
  public:
    explicit java_hash_set(std::size_t initial_capacity) noexcept : initial_capacity_(initial_capacity) {}
    java_hash_set(const java_hash_set&) = delete;
    java_hash_set& operator=(const java_hash_set&) = delete;

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

    /// The key must not be in the set.
    void insert(Element& element, std::string_view key) {
        if (buckets_.empty()) buckets_.resize(initial_capacity_);
        link(element) = {key, nullptr, java_hash(key)};
        append(element);
        // HashMap doubles its table when it is more than three quarters full; chains keep their order.
        if (++size_ * 4 > buckets_.size() * 3) rehash(buckets_.size() * 2);
    }

    /// The element must be in the set.
    void erase(Element& element) noexcept {
        Element** at = &bucket_of(element);
        while (*at != &element) at = &link(**at).next;
        *at = link(element).next;
        --size_;
    }

    void for_each(auto&& visit) const {
        for (Element* head : buckets_)
            for (Element* at = head; at != nullptr;) {
                Element* next = link(*at).next; // visit() may unlink what it gets
                visit(*at);
                at = next;
            }
    }

    /// The elements in the order in which clone() of this set would have them: a clone sizes its table afresh.
    std::vector<Element*> in_clone_order() const {
        std::vector<Element*> result;
        result.reserve(size_);
        if (size_ == 0) return result;
        const auto wanted = static_cast<std::size_t>(static_cast<float>(size_) / 0.75F + 1.0F);
        std::size_t capacity = 1;
        while (capacity < wanted) capacity *= 2;
        std::vector<std::vector<Element*>> buckets(capacity);
        for_each([&](Element& e) { buckets[link(e).hash & (capacity - 1)].push_back(&e); });
        for (const auto& bucket : buckets) result.insert(result.end(), bucket.begin(), bucket.end());
        return result;
    }

  private:
    Element*& bucket_of(Element& element) noexcept { return buckets_[link(element).hash & (buckets_.size() - 1)]; }

    void append(Element& element) noexcept {
        Element** at = &bucket_of(element);
        while (*at != nullptr) at = &link(**at).next;
        *at = &element;
    }

    void rehash(std::size_t capacity) {
        std::vector<Element*> old(capacity);
        old.swap(buckets_);
        for (Element* at : old)
            while (at != nullptr) {
                Element* next = link(*at).next;
                link(*at).next = nullptr;
                append(*at);
                at = next;
            }
    }

    std::vector<Element*> buckets_;
    std::size_t initial_capacity_;
    std::size_t size_ = 0;
};

} // namespace kazoo::server
