#pragma once
// What was granted to us for as long as the session certainly lives. Each grant is told once when that is over.
namespace kazoo::detail {

class grants;

/// On the loop only.
class grant {
  public:
    grant() = default;
    grant(const grant&) = delete;
    grant& operator=(const grant&) = delete;

    /// From now on somebody else may have been granted the same. The grant has left the list for good.
    virtual void on_doubt() noexcept = 0;

  protected:
    virtual ~grant();

  private:
    friend class grants;
    grants* list_ = nullptr;
    grant* next_ = nullptr;
    grant* previous_ = nullptr;
};

class grants {
  public:
    void add(grant& g) noexcept {
        g.list_ = this;
        g.next_ = first_;
        g.previous_ = nullptr;
        if (first_ != nullptr) first_->previous_ = &g;
        first_ = &g;
    }
    /// Takes a grant out of the list, if it is still there.
    static void remove(grant& g) noexcept {
        if (g.list_ == nullptr) return;
        (g.previous_ != nullptr ? g.previous_->next_ : g.list_->first_) = g.next_;
        if (g.next_ != nullptr) g.next_->previous_ = g.previous_;
        g.list_ = nullptr;
    }
    void doubt_all() noexcept {
        while (first_ != nullptr) {
            grant& g = *first_;
            remove(g);
            g.on_doubt();
        }
    }

  private:
    grant* first_ = nullptr;
};

inline grant::~grant() { grants::remove(*this); }

} // namespace kazoo::detail
