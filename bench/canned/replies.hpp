#pragma once
// Prepared answers to every request that a client benchmark sends.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// Not a ZooKeeper server: it keeps no tree, fires no watches and expires no session. It only counts transactions.
class canned_replies {
  public:
    canned_replies(std::size_t data_size, std::size_t children);

    /// Appends the answer to a connection's first frame (without its length).
    void greet(std::string_view request, std::string& out);
    /// Appends the answer to any other frame. False: the connection ends behind it.
    bool answer(std::string_view request, std::string& out);

  private:
    void append(std::string& out, const std::string& prepared, std::uint32_t xid) const;

    std::uint64_t zxid_ = 100;
    std::uint64_t session_ = 0x1000;
    std::uint32_t version_ = 0;
    std::string header_, data_, stat_, children_, children2_, unimplemented_;
};

} // namespace bench
