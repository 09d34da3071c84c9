// counter
#include "menu.hpp"
#include "output.hpp"
#include "path_argument.hpp"
#include "show.hpp"
#include "usage_error.hpp"

#include <kazoo/recipe/counter.hpp>
#include <kazoo/recipe/float_counter.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>

namespace kz {

namespace {

struct counter_arguments {
    std::string action, path;
    std::optional<std::string> amount;
    bool curator = false, is_float = false;
};

std::string to_text(std::int64_t n) { return std::to_string(n); }
std::string to_text(double n) {
    std::array<char, 32> room{};
    return {room.data(), std::to_chars(room.data(), room.data() + room.size(), n).ptr};
}

template <class Number> Number parse(const std::string& text) {
    Number n{};
    const char* end = text.data() + text.size();
    const auto [stopped, ec] = std::from_chars(text.data(), end, n);
    bool fits = ec == std::errc{} && stopped == end;
    if constexpr (std::is_floating_point_v<Number>) fits = fits && std::isfinite(n);
    if (!fits)
        throw usage_error("N: " + text + (std::is_floating_point_v<Number> ? " is no number" : " is no whole number"));
    return n;
}

template <class Counter, class Number>
exit_code run(const settings& s, const counter_arguments& o, Counter& counter, Number n) {
    const std::string value = to_text(o.action == "add" ? counter += n : counter.load());
    print(s.json ? std::move(json().begin_object().member("path", o.path).member("value", value).end_object()).line()
                 : value + "\n");
    return exit_code::ok;
}

exit_code counter(const settings& s, const counter_arguments& o) {
    const bool adds = o.action == "add";
    if (!adds && o.amount) throw usage_error("only add takes a number");
    const std::string amount = o.amount.value_or("1");
    if (adds) require_output();
    if (o.is_float) {
        const double n = parse<double>(amount);
        const connection client(s);
        kazoo::float_counter c(client, o.path);
        return run(s, o, c, n);
    }
    const std::int64_t n = parse<std::int64_t>(amount);
    const connection client(s);
    kazoo::counter c(client, o.path,
                     {.layout = o.curator ? kazoo::counter_layout::curator : kazoo::counter_layout::text});
    return run(s, o, c, n);
}

} // namespace

void add_counter_command(menu& m) {
    const auto o = std::make_shared<counter_arguments>();
    auto* command = m.add(
        "counter", "Count at a node that many share",
        "  kz counter add /app/started                  one more; prints what it is then\n"
        "  kz counter add /app/started 10\n"
        "  kz counter add /app/started -- -10           ten less\n"
        "  kz counter get /app/started                  0 if nobody has counted yet\n"
        "  kz counter add --float /app/litres 0.25\n"
        "\n"
        "Nothing is lost when many add at once. When an answer is lost, the message says whether it may have been\n"
        "counted. The nodes are those of kazoo::counter, kazoo::float_counter, the Python library's Counter and, with\n"
        "--curator, SharedCount of Curator.\n",
        counter, o);
    command->add_option("ACTION", o->action, "get or add")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"get", "add"}));
    add_path(*command, o->path, "The counter's node; add makes it when it is missing")->required();
    command->add_option("N", o->amount, "How much to add; 1 if not given")->type_name("");
    auto* curator = command->add_flag("--curator", o->curator,
                                      "The number stands there as SharedCount of Curator writes it, with 32 bits");
    command->add_flag("--float", o->is_float, "The number has a fraction")->excludes(curator);
}

} // namespace kz
