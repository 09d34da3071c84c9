#pragma once
// Every record of the protocol, described once: `fields` serves the writer and the reader, so client, server,
// fuzzers and tools cannot disagree. Names follow zookeeper.jute.
#include "proto/jute.hpp"
#include "proto/opcodes.hpp"

namespace kazoo::proto {

// -- headers --------------------------------------------------------------------------------------------------

struct request_header {
    std::int32_t xid = 0;
    std::int32_t type = 0;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.xid, s.type); }
};

struct reply_header {
    std::int32_t xid = 0;
    std::int64_t zxid = 0;
    std::int32_t err = 0;
    static constexpr std::size_t size = 16;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.xid, s.zxid, s.err); }
};

// -- session --------------------------------------------------------------------------------------------------

inline constexpr std::size_t password_size = 16;

/// The readOnly byte that newer peers append is written and read apart: see framing.hpp.
struct connect_request {
    std::int32_t protocol_version = 0;
    std::int64_t last_zxid_seen = 0;
    std::int32_t timeout_ms = 0;
    std::int64_t session_id = 0;
    std::string_view password = empty_view;
    using jute_record = void;
    static void fields(auto& s, auto&& f) {
        f(s.protocol_version, s.last_zxid_seen, s.timeout_ms, s.session_id, s.password);
    }
};

struct connect_response {
    std::int32_t protocol_version = 0;
    std::int32_t timeout_ms = 0;
    std::int64_t session_id = 0;
    std::string_view password = empty_view;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.protocol_version, s.timeout_ms, s.session_id, s.password); }
};

// -- values ---------------------------------------------------------------------------------------------------

struct stat {
    std::int64_t czxid = 0, mzxid = 0, ctime = 0, mtime = 0;
    std::int32_t version = 0, cversion = 0, aversion = 0;
    std::int64_t ephemeral_owner = 0;
    std::int32_t data_length = 0, num_children = 0;
    std::int64_t pzxid = 0;
    static constexpr std::size_t size = 68;
    using jute_record = void;
    static void fields(auto& s, auto&& f) {
        f(s.czxid, s.mzxid, s.ctime, s.mtime, s.version, s.cversion, s.aversion, s.ephemeral_owner, s.data_length,
          s.num_children, s.pzxid);
    }
    friend bool operator==(const stat&, const stat&) = default;
};

struct id {
    std::string_view scheme, name;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.scheme, s.name); }
    friend bool operator==(const id&, const id&) = default;
};

struct acl_entry {
    std::int32_t perms = 0;
    proto::id who;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.perms, s.who); }
    friend bool operator==(const acl_entry&, const acl_entry&) = default;
};

// -- requests -------------------------------------------------------------------------------------------------

/// create, create2 and createContainer
struct create_request {
    std::string_view path, data;
    std::vector<acl_entry> acl;
    std::int32_t flags = 0;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.data, s.acl, s.flags); }
};

struct create_ttl_request {
    std::string_view path, data;
    std::vector<acl_entry> acl;
    std::int32_t flags = 0;
    std::int64_t ttl_ms = 0;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.data, s.acl, s.flags, s.ttl_ms); }
};

/// delete, and check inside a multi
struct path_version_request {
    std::string_view path;
    std::int32_t version = any_version;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.version); }
};

/// exists, getData, getChildren and getChildren2. The watch flag is the last byte of the frame.
struct path_watch_request {
    std::string_view path;
    bool watch = false;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.watch); }
};

struct set_data_request {
    std::string_view path, data;
    std::int32_t version = any_version;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.data, s.version); }
};

/// getACL, sync, getAllChildrenNumber and getEphemerals (there: a prefix)
struct path_request {
    std::string_view path;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path); }
};

struct set_acl_request {
    std::string_view path;
    std::vector<acl_entry> acl;
    std::int32_t version = any_version;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.acl, s.version); }
};

struct reconfig_request {
    std::string_view joining, leaving, new_members;
    std::int64_t config_version = -1;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.joining, s.leaving, s.new_members, s.config_version); }
};

/// checkWatches and removeWatches
struct watches_request {
    std::string_view path;
    std::int32_t type = watcher_type::any;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.type); }
};

struct add_watch_request {
    std::string_view path;
    std::int32_t mode = add_watch_mode::persistent;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.mode); }
};

struct auth_request {
    std::int32_t type = 0;
    std::string_view scheme, credential;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.type, s.scheme, s.credential); }
};

struct set_watches_request {
    std::int64_t relative_zxid = 0;
    std::vector<std::string_view> data, exist, child;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.relative_zxid, s.data, s.exist, s.child); }
};

struct set_watches2_request {
    std::int64_t relative_zxid = 0;
    std::vector<std::string_view> data, exist, child, persistent, recursive;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.relative_zxid, s.data, s.exist, s.child, s.persistent, s.recursive); }
};

/// sasl, both ways
struct token_record {
    std::string_view token;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.token); }
};

// -- replies --------------------------------------------------------------------------------------------------

/// create and sync
struct path_reply {
    std::string_view path;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path); }
};

/// create2, createContainer and createTTL
struct path_stat_reply {
    std::string_view path;
    proto::stat stat;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.path, s.stat); }
};

/// exists, setData and setACL
struct stat_reply {
    proto::stat stat;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.stat); }
};

/// getData and reconfig
struct data_reply {
    std::string_view data;
    proto::stat stat;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.data, s.stat); }
};

struct acl_reply {
    std::vector<acl_entry> acl;
    proto::stat stat;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.acl, s.stat); }
};

/// getChildren and getEphemerals
struct names_reply {
    std::vector<std::string_view> names;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.names); }
};

struct children2_reply {
    std::vector<std::string_view> names;
    proto::stat stat;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.names, s.stat); }
};

/// getAllChildrenNumber
struct count_reply {
    std::int32_t count = 0;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.count); }
};

/// addWatch answers an error code of its own, always 0
struct error_reply {
    std::int32_t err = 0;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.err); }
};

struct who_am_i_reply {
    std::vector<id> ids;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.ids); }
};

/// The body of a notification
struct watcher_event {
    std::int32_t type = 0, state = sync_connected;
    std::string_view path;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.type, s.state, s.path); }
};

// -- multi ----------------------------------------------------------------------------------------------------

/// Stands before every operation of a multi or multiRead, both ways; {-1, true, -1} ends the list.
struct multi_header {
    std::int32_t type = -1;
    bool done = true;
    std::int32_t err = -1;
    using jute_record = void;
    static void fields(auto& s, auto&& f) { f(s.type, s.done, s.err); }
};

} // namespace kazoo::proto
