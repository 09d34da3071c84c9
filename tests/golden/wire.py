"""Just enough of the protocol's encoding to say what the scenarios say."""

import struct


def i32(value):
    return struct.pack(">i", value)


def i64(value):
    return struct.pack(">q", value)


def flag(value):
    return b"\1" if value else b"\0"


def buffer(value):
    """None is null, which is not the same as empty."""
    if value is None:
        return i32(-1)
    value = value.encode() if isinstance(value, str) else value
    return i32(len(value)) + value


def vector(items, encode=buffer):
    if items is None:
        return i32(-1)
    return i32(len(items)) + b"".join(map(encode, items))


def acl(entries):
    return vector(entries, lambda entry: i32(entry[0]) + buffer(entry[1]) + buffer(entry[2]))


def frame(payload):
    return i32(len(payload)) + payload


READ, WRITE, CREATE, DELETE, ADMIN, ALL = 1, 2, 4, 8, 16, 31
OPEN = [(ALL, "world", "anyone")]
PERSISTENT, EPHEMERAL, SEQUENTIAL, EPHEMERAL_SEQUENTIAL, CONTAINER, TTL, TTL_SEQUENTIAL = range(7)

NOTIFICATION_XID, PING_XID, AUTH_XID, SET_WATCHES_XID = -1, -2, -4, -8

OPCODES = {
    "notification": 0, "create": 1, "delete": 2, "exists": 3, "get_data": 4, "set_data": 5, "get_acl": 6, "set_acl": 7,
    "get_children": 8, "sync": 9, "ping": 11, "get_children2": 12, "check": 13, "multi": 14, "create2": 15,
    "reconfig": 16, "check_watches": 17, "remove_watches": 18, "create_container": 19, "delete_container": 20,
    "create_ttl": 21, "multi_read": 22, "auth": 100, "set_watches": 101, "sasl": 102, "get_ephemerals": 103,
    "get_all_children_number": 104, "set_watches2": 105, "add_watch": 106, "who_am_i": 107, "close": -11,
}


def connect_request(timeout=10000, session=0, password=bytes(16), last_zxid=0, read_only=False, version=0, extra=b""):
    """`read_only` None leaves the byte out, as clients older than 3.4 do."""
    return frame(i32(version) + i64(last_zxid) + i32(timeout) + i64(session) + buffer(password)
                 + (b"" if read_only is None else flag(read_only)) + extra)


def create(path, data="", entries=OPEN, flags=PERSISTENT):
    return buffer(path) + buffer(data) + acl(entries) + i32(flags)


def create_ttl(path, data="", entries=OPEN, flags=TTL, ttl=60000):
    return create(path, data, entries, flags) + i64(ttl)


def path_version(path, version=-1):
    return buffer(path) + i32(version)


def path_watch(path, watch=False):
    return buffer(path) + flag(watch)


def set_data(path, data, version=-1):
    return buffer(path) + buffer(data) + i32(version)


def set_acl(path, entries, version=-1):
    return buffer(path) + acl(entries) + i32(version)


def multi(*operations):
    """Each operation is (name, body)."""
    encoded = [i32(OPCODES[name]) + flag(False) + i32(-1) + body for name, body in operations]
    return b"".join(encoded) + i32(-1) + flag(True) + i32(-1)


def set_watches(zxid, data=(), exist=(), child=()):
    return i64(zxid) + vector(data) + vector(exist) + vector(child)


def set_watches2(zxid, data=(), exist=(), child=(), persistent=(), recursive=()):
    return set_watches(zxid, data, exist, child) + vector(persistent) + vector(recursive)


def reply_error(frame_bytes):
    return struct.unpack_from(">i", frame_bytes, 16)[0]


def reply_xid(frame_bytes):
    return struct.unpack_from(">i", frame_bytes, 4)[0]


def reply_zxid(frame_bytes):
    return struct.unpack_from(">q", frame_bytes, 8)[0]


def session_of(connect_response):
    """(id, password) of the answer to a connect request."""
    session, = struct.unpack_from(">q", connect_response, 12)
    return session, connect_response[24:40]


MARSHALLING, UNIMPLEMENTED, BAD_ARGUMENTS = -5, -6, -8
NO_NODE, NO_AUTH, BAD_VERSION, NO_CHILDREN_FOR_EPHEMERALS = -101, -102, -103, -108
NODE_EXISTS, NOT_EMPTY, INVALID_ACL, AUTH_FAILED, NO_WATCHER, RECONFIG_DISABLED = -110, -111, -114, -115, -121, -123
