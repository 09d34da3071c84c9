#pragma once
// Units of work in a queue. Not for direct use.

namespace kazoo::detail {

struct job {
    void (*run)(job*) noexcept;
    job* next;
};

/// A job that calls a member function of its owner, which lives until then. It may be posted again when it has run.
template <auto Function> class bound_job;
template <class Owner, void (Owner::*Function)() noexcept> class bound_job<Function> final : public job {
  public:
    explicit bound_job(Owner& o) noexcept : job{&call, nullptr}, owner_(o) {}
    bound_job(const bound_job&) = delete;
    bound_job& operator=(const bound_job&) = delete;
    ~bound_job() = default;

  private:
    static void call(job* j) noexcept { (static_cast<bound_job*>(j)->owner_.*Function)(); }
    Owner& owner_;
};

} // namespace kazoo::detail
