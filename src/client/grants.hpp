#pragma once
// What was granted to us for as long as the session certainly lives. Each grant is told once when that is over.
namespace kazoo::detail {

class grants;

/// On the loop only.
class granted {
  public:
    granted() = default;
    granted(const granted&) = delete;
    granted& operator=(const granted&) = delete;

    /// From now on somebody else may have been granted the same. The grant has left the list for good.
    virtual void on_doubt() noexcept = 0;

  protected:
    virtual ~granted();

  private:
    friend class grants;
    grants* list_ = nullptr;
    granted* next_ = nullptr;
    granted* previous_ = nullptr;
};

class grants {
  public:
    void add(granted& g) noexcept {
        g.list_ = this;
        g.next_ = first_;
        g.previous_ = nullptr;
        if (first_ != nullptr) first_->previous_ = &g;
        first_ = &g;
    }
    /// Takes a grant out of the list, if it is still there.
    static void remove(granted& g) noexcept {
        if (g.list_ == nullptr) return;
        (g.previous_ != nullptr ? g.previous_->next_ : g.list_->first_) = g.next_;
        if (g.next_ != nullptr) g.next_->previous_ = g.previous_;
        g.list_ = nullptr;
    }
    void doubt_all() noexcept {
        while (first_ != nullptr) {
            granted& g = *first_;
            remove(g);
            g.on_doubt();
        }
    }

  private:
    granted* first_ = nullptr;
};

inline granted::~granted() { grants::remove(*this); }

} // namespace kazoo::detail
