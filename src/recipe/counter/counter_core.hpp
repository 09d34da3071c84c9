#pragma once
// What a kazoo::counter or float_counter and its tasks share.
#include "recipe/counter/number_text.hpp"
#include "recipe/parts/recipe_object.hpp"

#include <kazoo/acl.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// What is wanted of a number.
template <class Number> struct wish {
    enum class kind {
        add,
        subtract,
        exchange ///< only if it is `expected`
    } what;
    Number operand;
    Number expected{};
    std::string_view operation() const noexcept {
        if (what == kind::exchange) return "compare_exchange";
        return what == kind::add ? "fetch_add" : "fetch_sub";
    }
    /// Nothing if it is to stay as it is. Throws bad_number.
    std::optional<Number> of(Number now) const;
};

/// What was there before, and whether there is something else now.
template <class Number> struct changed_number {
    bool changed;
    Number before;
};

template <class Number> class counter_core final : public recipe_object {
  public:
    struct settings {
        Number initial;
        std::vector<acl> nodes_acl;
        bool receipts;
        const number_format<Number>& format;
        bool made_empty = true; ///< as Python makes it; Curator cannot read an empty one
    };
    counter_core(const client&, std::string_view recipe, std::string_view path, settings);
    ~counter_core() override;

    // -- any thread ---------------------------------------------------------------------------------------------------
    /// Of an operation: the client's limit, for a caller who blocks.
    enum class limits {
        none,
        of_an_operation
    };
    future<Number> load(limits, std::stop_token);
    future<Number> fetch(wish<Number>, limits, std::stop_token);
    /// Nothing if it was exchanged; else what is there.
    future<std::optional<Number>> exchange(wish<Number>, limits, std::stop_token);

  private:
    static task<Number> load(std::shared_ptr<counter_core>);
    static task<Number> fetch(std::shared_ptr<counter_core>, wish<Number>);
    static task<std::optional<Number>> exchange(std::shared_ptr<counter_core>, wish<Number>);
    task<changed_number<Number>> change(wish<Number>);
    task<std::optional<kazoo::node>> read(bool fresh);
    task<void> make();
    task<bool> write(node_stat read, std::string data);
    task<bool> write_with_receipt(node_stat read, std::string data);
    Number number_in(const std::optional<kazoo::node>&) const;
    task_options options_of(std::string_view operation, limits, std::stop_token) const;

    const settings settings_;
    const std::shared_ptr<receipts_core> receipts_; ///< none: without receipts
};

} // namespace kazoo::recipe
