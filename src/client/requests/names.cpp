#include "client/requests/names.hpp"

#include "util/name_table.hpp"

#include <cstring>

namespace kazoo::detail {

bool get_names(proto::reader& in, util::shared_block* memory, child_names& names) {
    const std::size_t count = in.get_count();
    if (count == 0) return in.ok();
    const std::string_view text = in.rest();
    const bool keep = memory != nullptr && memory->is_worth_keeping_for(text.size());
    name_table table(count, keep ? 0 : text.size(), memory != nullptr ? memory->pool().get() : nullptr);
    if (keep) table.keep_alive(memory->share());
    const char* const there = keep ? text.data() : table.text();
    for (std::size_t i = 0; i < count; ++i) {
        std::string_view name;
        in.get(name);
        if (!in.ok()) return false;
        table.push_back(proto::is_null(name) ? std::string_view()
                                             : std::string_view(there + (name.data() - text.data()), name.size()));
    }
    if (!keep) std::memcpy(table.text(), text.data(), text.size() - in.remaining());
    names = table.finish();
    return true;
}

} // namespace kazoo::detail
