#pragma once
// OpenSSL and the end of the process.

namespace kazoo::net {

/// Held around every use of OpenSSL on a loop's thread, or on one that a loop has begun. exit() may take OpenSSL down
/// while such a thread runs: it waits for those who hold this, a second at most, and from then on nobody gets it.
class tls_use {
  public:
    tls_use() noexcept;
    tls_use(const tls_use&) = delete;
    tls_use& operator=(const tls_use&) = delete;
    ~tls_use();
    /// False: OpenSSL may not be touched any more, not even to free something.
    explicit operator bool() const noexcept { return granted_; }

  private:
    bool granted_;
};

} // namespace kazoo::net
