#pragma once
// Builds child_names: one block with a view for each name and, behind those, the text that it does not find elsewhere.
#include "util/shared_block.hpp"

#include <kazoo/child_names.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace kazoo::detail {

class name_table {
  public:
    /// Room for so many names, and so many bytes of text. A large table is taken from the pool, if there is one.
    name_table(std::size_t names, std::size_t bytes, util::block_pool* pool);
    /// The names lie in `memory`, or are copied if it is null or too large to be kept for so little.
    static child_names make(std::span<const std::string_view> names, util::shared_block* memory);

    /// The text that names refer to is in there.
    void keep_alive(util::block_share memory) noexcept { memory_->keep_alive(std::move(memory)); }
    char* text() noexcept { return text_; }
    /// No more than there is room for.
    void push_back(std::string_view name) noexcept { names_[size_++] = name; }
    /// For as long as names of it live.
    child_names finish() noexcept;

  private:
    friend class kazoo::child_names;
    util::block_share memory_;
    std::string_view* names_;
    char* text_;
    std::size_t size_ = 0;
};

} // namespace kazoo::detail
