import wire
from wire import BAD_ARGUMENTS, MARSHALLING, RECONFIG_DISABLED, UNIMPLEMENTED


def refusals(t):
    """Requests that this server does not serve, and requests that nobody can read."""
    t.connect(1)
    t.call("reconfig_disabled", "reconfig", wire.buffer("server.9=127.0.0.1:1:2;3") + wire.buffer(None)
           + wire.buffer(None) + wire.i64(-1), error=RECONFIG_DISABLED)
    t.call("reconfig_new_members", "reconfig", wire.buffer(None) + wire.buffer(None) + wire.buffer("server.1=x:1:2;3")
           + wire.i64(5), error=RECONFIG_DISABLED)
    t.call("raw_delete_container_is_for_servers", "delete_container", b"/no", error=BAD_ARGUMENTS)
    t.call("raw_string_length_negative", "get_data", wire.i32(-5) + b"/", error=MARSHALLING)
    t.call("raw_string_length_huge", "get_data", wire.i32(0x7FFFFFFF) + b"/", error=MARSHALLING)
    t.call("raw_string_cut", "get_data", wire.i32(3) + b"/", error=MARSHALLING)
    t.call("raw_body_missing", "get_data", b"", error=MARSHALLING)
    t.call("raw_flag_missing", "get_data", wire.buffer("/"), error=MARSHALLING)
    t.call("raw_create_cut", "create", wire.create("/x")[:-1], error=MARSHALLING)
    t.call("raw_acl_count_huge", "create", wire.buffer("/x") + wire.buffer("") + wire.i32(0x7FFFFFFF), error=MARSHALLING)
    t.call("raw_set_watches_cut", "set_watches", wire.i64(0), xid=wire.SET_WATCHES_XID, error=MARSHALLING)
    t.call("connection_still_works", "exists", wire.path_watch("/"))
    for connection, code in enumerate((0, 10, 23, 99, 108, 500, -2), start=2):
        t.connect(connection, f"connect_for_opcode_{code}")
        t.call(f"raw_unknown_opcode_{code}", code, wire.buffer("/"), connection, error=UNIMPLEMENTED, closed=True)
    t.connect(9, "connect_for_short_header")
    t.raw("raw_header_cut", wire.frame(wire.i32(1)), connection=9)
    t.connect(10, "connect_for_empty_frame")
    t.raw("raw_frame_length_0", wire.i32(0), connection=10)
