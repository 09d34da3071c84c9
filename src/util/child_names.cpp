#include "util/name_table.hpp"

#include <cstring>
#include <new>
#include <vector>

namespace kazoo {

namespace detail {

name_table::name_table(std::size_t names, std::size_t bytes, util::block_pool* pool) {
    const std::size_t size = names * sizeof(std::string_view) + bytes;
    const bool large = pool != nullptr && size >= util::block_pool::least_capacity;
    memory_ = large ? pool->take(size) : util::shared_block::make(size);
    names_ = std::launder(reinterpret_cast<std::string_view*>(memory_->data()));
    text_ = memory_->data() + names * sizeof(std::string_view);
}

child_names name_table::make(std::span<const std::string_view> names, util::shared_block* memory) {
    std::size_t bytes = 0;
    for (const std::string_view name : names) bytes += name.size();
    const bool keep = memory != nullptr && memory->is_worth_keeping_for(bytes);
    name_table table(names.size(), keep ? 0 : bytes, memory != nullptr ? memory->pool().get() : nullptr);
    if (keep) {
        table.keep_alive(memory->share());
        for (const std::string_view name : names) table.push_back(name);
        return table.finish();
    }
    char* at = table.text();
    for (const std::string_view name : names) {
        if (!name.empty()) std::memcpy(at, name.data(), name.size());
        table.push_back({at, name.size()});
        at += name.size();
    }
    return table.finish();
}

child_names name_table::finish() noexcept {
    child_names names;
    if (size_ == 0) return names;
    names.memory_ = memory_.release();
    names.names_ = names_;
    names.size_ = size_;
    return names;
}

} // namespace detail

child_names::child_names(std::initializer_list<std::string_view> names)
    : child_names(detail::name_table::make({names.begin(), names.size()}, nullptr)) {}

child_names::child_names(std::span<const std::string> names)
    : child_names(detail::name_table::make(std::vector<std::string_view>(names.begin(), names.end()), nullptr)) {}

child_names::child_names(const child_names& other) noexcept
    : memory_(other.memory_), names_(other.names_), size_(other.size_) {
    if (memory_ != nullptr) memory_->retain();
}

void child_names::release() noexcept { memory_->release(); }

void child_names::sort() {
    if (size_ < 2) return;
    if (memory_->is_shared()) {
        detail::name_table table(size_, 0, memory_->pool().get());
        table.keep_alive(memory_->share_of_text());
        for (const std::string_view name : *this) table.push_back(name);
        *this = table.finish();
    }
    std::sort(names_, names_ + size_);
}

} // namespace kazoo
