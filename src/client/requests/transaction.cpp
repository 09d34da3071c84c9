#include "client/blocking.hpp"
#include "client/requests/create.hpp"
#include "client/requests/create_request.hpp"
#include "client/requests/start_operation.hpp"
#include "client/requests/taken_transaction.hpp"
#include "future/ready.hpp"
#include "proto/multi.hpp"
#include "util/name_table.hpp"

#include <array>
#include <utility>

namespace kazoo {

// -- the error --------------------------------------------------------------------------------------------------------

transaction_error::transaction_error(std::vector<std::error_code> codes, std::size_t failed_index,
                                     std::string_view path)
    : error(codes.at(failed_index), kazoo::outcome::not_applied, "transaction", path,
            "operation " + std::to_string(failed_index + 1) + " of " + std::to_string(codes.size())),
      codes_(std::move(codes)),
      failed_index_(failed_index) {}

transaction_error::~transaction_error() = default;

namespace {

struct encoded_ops {
    std::string body;
    std::vector<std::string> paths; ///< relative, one for each operation
    std::vector<detail::planned_node> creates;
    bool makes_ephemeral = false; ///< one of them does
    /// The first operation that cannot be sent, and why.
    std::size_t invalid_at = std::string::npos;
    errc invalid{};
    std::string_view defect;

    /// `refused`: why it cannot be sent, whatever its path is; empty if it can.
    template <class Encode>
    void add(std::string_view given, const detail::absolute_path& path, proto::opcode op, Encode encode,
             std::string_view refused = {}) {
        const std::size_t end = body.size();
        try {
            proto::writer w(body);
            w.put(proto::multi_header{.type = static_cast<std::int32_t>(op), .done = false});
            encode(w, path.view());
            paths.emplace_back(given);
        } catch (...) { // out of memory: it is as if it had not been added
            body.resize(end);
            if (!creates.empty() && creates.back().index == paths.size()) creates.pop_back();
            throw;
        }
        if (!refused.empty()) reject(errc::bad_arguments, refused);
        if (!path.defect().empty()) reject(errc::invalid_path, path.defect());
    }
    /// Notes why the operation that was added last cannot be sent.
    void reject(errc e, std::string_view why) noexcept {
        if (invalid_at != std::string::npos) return;
        invalid_at = paths.size() - 1;
        invalid = e;
        defect = why;
    }
};

/// The operations of a transaction, and the handle that it was made with, so that it may outlive that one.
struct collected_ops : node_operations {
    encoded_ops ops{};

    explicit collected_ops(const node_operations& h) : node_operations(h) {}
    detail::absolute_path absolute(std::string_view path, detail::naming n = detail::naming::whole) const {
        return detail::chroot(root()).absolute(path, n);
    }
};

/// Sends what a builder collected, and leaves the builder empty. The body is encoded already.
template <class Op> auto commit(collected_ops& b) {
    encoded_ops ops = std::exchange(b.ops, {});
    const std::string first = ops.invalid_at == std::string::npos ? std::string() : ops.paths[ops.invalid_at];
    const std::string body = std::move(ops.body);
    const auto op = detail::make_operation<Op>(first, detail::client_access::core_of(b),
                                               detail::chroot_length(b.root()), std::move(ops.paths));
    if (ops.makes_ephemeral) op->belongs_to_session();
    return detail::send(b, op, {ops.invalid, ops.defect}, detail::place_for(body.size()), [&](proto::writer& w) {
        w.put_raw(body);
        proto::put_multi_end(w);
    });
}

/// What blocking() needs of a builder. A lost connection may make us send the operations again.
template <class Start> auto commit_blocking(collected_ops& b, const std::stop_token& stop, Start start) {
    const encoded_ops ops = b.ops;
    return detail::blocking(detail::client_access::core_of(b), stop, [&] {
        b.ops = ops;
        return start();
    });
}

// -- replies ----------------------------------------------------------------------------------------------------------

class multi_op final : public detail::operation_state<std::vector<transaction_result>> {
  public:
    multi_op(detail::core& c, detail::chroot_length root, std::vector<std::string> paths)
        : operation_state(c, "transaction", proto::opcode::multi), root_(root), paths_(std::move(paths)) {}

    bool decode(std::string_view body) override {
        proto::reader in(body);
        value.emplace();
        proto::multi_result r;
        bool more = true;
        for (std::size_t i = 0; proto::get_multi_result(in, r, more); ++i) {
            if (!more) return (failed_ ? codes_.size() : value->size()) == paths_.size();
            if (i >= paths_.size()) return false;
            if (r.type == proto::opcode::error) {
                note_error(i, r.err);
            } else {
                value->push_back(to_result(i, r));
            }
        }
        return false;
    }
    bool failed_inside(detail::failure& f) override {
        if (!failed_) return false;
        f.code = codes_[failed_at_];
        f.exception = std::make_exception_ptr(transaction_error(codes_, failed_at_, paths_[failed_at_]));
        return true;
    }

  private:
    void note_error(std::size_t index, std::int32_t err) {
        // Ahead of the failed operation the server says 0, behind it runtime_inconsistency.
        if (err != 0 && (!failed_ || codes_[failed_at_] == errc::rolled_back)) failed_at_ = index;
        failed_ = true;
        codes_.push_back(err == 0 ? make_error_code(errc::rolled_back) : std::error_code(err, category()));
    }
    transaction_result to_result(std::size_t index, const proto::multi_result& r) const {
        transaction_result out{paths_[index], std::nullopt};
        const bool created = r.type == proto::opcode::create || r.type == proto::opcode::create2;
        if (created) out.path = std::string(root_.relative(r.path));
        if (r.type == proto::opcode::create2 || r.type == proto::opcode::set_data) out.stat = detail::to_public(r.stat);
        return out;
    }

    detail::chroot_length root_;
    std::vector<std::string> paths_;
    std::vector<std::error_code> codes_;
    std::size_t failed_at_ = 0;
    bool failed_ = false;
};

class multi_read_op final : public detail::operation_state<std::vector<read_result>> {
  public:
    multi_read_op(detail::core& c, detail::chroot_length, std::vector<std::string> paths)
        : operation_state(c, "multi_read", proto::opcode::multi_read), count_(paths.size()) {}

    bool decode(std::string_view body) override {
        proto::reader in(body);
        value.emplace();
        proto::multi_result r;
        bool more = true;
        while (proto::get_multi_result(in, r, more)) {
            if (!more) return value->size() == count_;
            if (r.type == proto::opcode::error)
                value->emplace_back(std::error_code(r.err, category()));
            else if (r.type == proto::opcode::get_data)
                value->emplace_back(node{detail::to_public(r.data), detail::to_public(r.stat)});
            else if (r.type == proto::opcode::get_children)
                value->emplace_back(detail::name_table::make(r.children, reply_memory()));
            else
                return false;
        }
        return false;
    }

  private:
    std::size_t count_;
};

} // namespace

// -- transaction ------------------------------------------------------------------------------------------------------

struct transaction::builder : collected_ops {
    using collected_ops::collected_ops;
};

transaction::transaction(std::unique_ptr<builder> b) noexcept : builder_(std::move(b)) {}
transaction::transaction(transaction&&) noexcept = default;
transaction& transaction::operator=(transaction&&) noexcept = default;
transaction::~transaction() = default;

std::size_t transaction::size() const noexcept { return builder_->ops.paths.size(); }

transaction& transaction::create(std::string_view path, data_view data, create_options o) & {
    const bool several = o.make_parents || o.protect;
    builder_->ops.creates.push_back({size(), detail::naming_of(o.mode)});
    builder_->ops.add(
        path, builder_->absolute(path, detail::naming_of(o.mode)), detail::opcode_of(o.mode, proto::opcode::create2),
        [&](proto::writer& w, auto full) { detail::put_create(w, full, data, o.mode, o.acl); },
        several ? "make_parents and protect take several requests" : detail::defect_of(o.mode));
    builder_->ops.makes_ephemeral |= o.mode.is_ephemeral();
    return *this;
}

transaction& transaction::set(std::string_view path, data_view data, version expected) & {
    builder_->ops.add(path, builder_->absolute(path), proto::opcode::set_data, [&](proto::writer& w, auto full) {
        w.put(proto::set_data_request{full, data.text(), static_cast<std::int32_t>(expected)});
    });
    return *this;
}

transaction& transaction::remove(std::string_view path, version expected) & {
    builder_->ops.add(path, builder_->absolute(path), proto::opcode::remove, [&](proto::writer& w, auto full) {
        w.put(proto::path_version_request{full, static_cast<std::int32_t>(expected)});
    });
    return *this;
}

transaction& transaction::check(std::string_view path, version expected) & {
    builder_->ops.add(path, builder_->absolute(path), proto::opcode::check, [&](proto::writer& w, auto full) {
        w.put(proto::path_version_request{full, static_cast<std::int32_t>(expected)});
    });
    return *this;
}

transaction& transaction::check(const node_check& c) & {
    builder_->ops.add(c.path, detail::chroot({}).absolute(c.path), proto::opcode::check,
                      [](proto::writer& w, auto full) {
                          w.put(proto::path_version_request{full, static_cast<std::int32_t>(version::any)});
                      });
    return *this;
}

future<std::vector<transaction_result>> transaction::async_commit() {
    builder& b = *builder_;
    if (b.ops.paths.empty())
        return detail::ready(detail::client_access::core_of(b), "transaction", std::vector<transaction_result>());
    return kazoo::commit<multi_op>(b);
}

std::vector<transaction_result> transaction::commit(const std::stop_token& stop) {
    return commit_blocking(*builder_, stop, [&] { return async_commit(); });
}

// -- multi_read -------------------------------------------------------------------------------------------------------

struct multi_read::builder : collected_ops {
    using collected_ops::collected_ops;
};

multi_read::multi_read(std::unique_ptr<builder> b) noexcept : builder_(std::move(b)) {}
multi_read::multi_read(multi_read&&) noexcept = default;
multi_read& multi_read::operator=(multi_read&&) noexcept = default;
multi_read::~multi_read() = default;

std::size_t multi_read::size() const noexcept { return builder_->ops.paths.size(); }

multi_read& multi_read::get(std::string_view path) & {
    builder_->ops.add(path, builder_->absolute(path), proto::opcode::get_data,
                      [](proto::writer& w, auto full) { w.put(proto::path_watch_request{full}); });
    return *this;
}

multi_read& multi_read::get_children(std::string_view path) & {
    builder_->ops.add(path, builder_->absolute(path), proto::opcode::get_children,
                      [](proto::writer& w, auto full) { w.put(proto::path_watch_request{full}); });
    return *this;
}

future<std::vector<read_result>> multi_read::async_run() {
    builder& b = *builder_;
    if (b.ops.paths.empty())
        return detail::ready(detail::client_access::core_of(b), "multi_read", std::vector<read_result>());
    return kazoo::commit<multi_read_op>(b);
}

std::vector<read_result> multi_read::run(const std::stop_token& stop) {
    return commit_blocking(*builder_, stop, [&] { return async_run(); });
}

// -- a transaction behind an operation of ours ------------------------------------------------------------------------

namespace detail {

taken_transaction::taken_transaction(kazoo::transaction& t) : from_(*t.builder_) {
    encoded_ops ops = std::exchange(t.builder_->ops, {});
    if (ops.invalid_at != std::string::npos) invalid_path_ = ops.paths[ops.invalid_at];
    body_ = std::move(ops.body);
    paths_ = std::move(ops.paths);
    creates_ = std::move(ops.creates);
    makes_ephemeral_ = ops.makes_ephemeral;
    invalid_ = ops.invalid;
    defect_ = ops.defect;
}

future<std::vector<transaction_result>> taken_transaction::send(const node_operations& by, std::string_view node,
                                                                std::string_view data, version expected) const {
    std::vector<std::string> paths{std::string(node)};
    paths.insert(paths.end(), paths_.begin(), paths_.end());
    const auto op = make_operation<multi_op>(invalid_path_, client_access::core_of(by), chroot_length(from_.root()),
                                             std::move(paths));
    if (makes_ephemeral_) op->belongs_to_session();
    return detail::send(by, op, {invalid_, defect_}, place_for(body_.size()), [&](proto::writer& w) {
        w.put(proto::multi_header{.type = static_cast<std::int32_t>(proto::opcode::set_data), .done = false});
        w.put(proto::set_data_request{node, data, static_cast<std::int32_t>(expected)});
        w.put_raw(body_);
        proto::put_multi_end(w);
    });
}

} // namespace detail

kazoo::transaction node_operations::transaction() const {
    return kazoo::transaction(std::make_unique<kazoo::transaction::builder>(*this));
}

kazoo::multi_read node_operations::multi_read() const {
    return kazoo::multi_read(std::make_unique<kazoo::multi_read::builder>(*this));
}

} // namespace kazoo
