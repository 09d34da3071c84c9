#pragma once
// What all objects have in common that watch one path and call a function.
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>

#include <memory>
#include <string>

namespace kazoo {

namespace recipe {
class follower;
}

/// The part of data_watch, existing_data_watch and children_watch that does not depend on what they watch.
///
/// Thread safety: one thread at a time; stop() and active() any thread.
class KAZOO_EXPORT watching {
  public:
    /// Takes the watch over; the other one watches nothing afterwards.
    watching(watching&&) noexcept;
    /// Does as stop(), and takes the other one's watch over.
    watching& operator=(watching&&) noexcept;

    /// Ends it: when this returns no call is running and none will come, no watch stays, and the function is destroyed.
    /// Waits for a call in progress, except when it is called inside it: then none will come after that one, and the
    /// function is destroyed behind it. Asks no server.
    void stop() noexcept;
    /// Whether calls may still come. False behind stop(), watch_next::stop, an error that was told, and the last call
    /// of those that end by themselves; after close(), too.
    bool active() const noexcept;
    /// As given, relative to the client's root. Precondition: not moved from.
    const std::string& path() const noexcept;

  protected:
    /// Begins.
    watching(client c, std::shared_ptr<recipe::follower> f) noexcept;
    ~watching();

  private:
    client client_;
    std::shared_ptr<recipe::follower> follower_;
};

} // namespace kazoo
