import wire
from wire import AUTH_FAILED, AUTH_XID, INVALID_ACL, NO_AUTH


def auth_body(scheme, credential):
    return wire.i32(0) + wire.buffer(scheme) + wire.buffer(credential)


def auth(t):
    """Credentials that are accepted. A server without SASL says yes, with a null token, to anything."""
    t.connect()
    t.call("who_am_i_before", "who_am_i")
    t.call("auth_digest", "auth", auth_body("digest", "u:p"), xid=AUTH_XID)
    t.call("who_am_i_after", "who_am_i")
    t.call("auth_second", "auth", auth_body("digest", "v:q"), xid=AUTH_XID)
    t.call("auth_again", "auth", auth_body("digest", "u:p"), xid=AUTH_XID)
    t.call("auth_with_another_xid", "auth", auth_body("digest", "w:r"), xid=55)
    t.call("who_am_i_with_three", "who_am_i")
    t.call("create_for_creator", "create", wire.create("/mine", entries=[(31, "auth", "")]))
    t.call("get_acl_of_mine", "get_acl", wire.buffer("/mine"))
    t.call("sasl_not_configured", "sasl", wire.buffer(""))
    t.call("sasl_not_configured_any_token", "sasl", wire.buffer("anything"))
    t.raw("sasl_null_token_ends_the_connection", wire.frame(wire.i32(20) + wire.i32(102) + wire.buffer(None)))


def refused(t):
    """Credentials that are refused end the connection."""
    t.connect(1)
    t.call("unknown_scheme", "auth", auth_body("nope", "u:p"), xid=AUTH_XID, error=AUTH_FAILED, closed=True)
    t.connect(2, "connect_again")
    t.call("super_without_a_password_set", "auth", auth_body("super", "super:x"), 2, AUTH_XID, AUTH_FAILED, True)
    t.connect(3, "connect_for_world")
    t.call("world_is_no_scheme_to_log_in_with", "auth", auth_body("world", "anyone"), 3, AUTH_XID, AUTH_FAILED, True)


def acl(t):
    """Permissions: who may do what, and that hashes are hidden from those who may not change them."""
    t.connect(1)
    t.connect(2, "connect_other")
    t.call("auth", "auth", auth_body("digest", "u:p"), xid=AUTH_XID)
    owner = (wire.ALL, "auth", "")
    t.call("create_private", "create", wire.create("/private", "secret", entries=[owner]))
    t.call("create_child", "create", wire.create("/private/child", entries=[owner]))
    t.call("create_readable", "create", wire.create("/readable", "x", entries=[owner, (wire.READ, "world", "anyone")]))
    t.call("create_below_readable", "create", wire.create("/readable/open"))
    t.call("owner_reads", "get_data", wire.path_watch("/private"))
    t.call("owner_sees_the_hash", "get_acl", wire.buffer("/private"))

    t.call("get_data_no_auth", "get_data", wire.path_watch("/private"), 2, error=NO_AUTH)
    t.call("get_children_no_auth", "get_children", wire.path_watch("/private"), 2, error=NO_AUTH)
    t.call("get_children2_no_auth", "get_children2", wire.path_watch("/private"), 2, error=NO_AUTH)
    t.call("get_all_children_number_no_auth", "get_all_children_number", wire.buffer("/private"), 2, error=NO_AUTH)
    t.call("get_acl_no_auth", "get_acl", wire.buffer("/private"), 2, error=NO_AUTH)
    t.call("exists_needs_no_permission", "exists", wire.path_watch("/private"), 2)
    t.call("create_no_auth", "create", wire.create("/private/x"), 2, error=NO_AUTH)
    t.call("delete_no_auth", "delete", wire.path_version("/private/child"), 2, error=NO_AUTH)
    t.call("delete_needs_only_the_parent", "delete", wire.path_version("/private", 5), 2, error=wire.BAD_VERSION)
    t.call("set_data_no_auth", "set_data", wire.set_data("/private", ""), 2, error=NO_AUTH)
    t.call("set_data_no_auth_before_bad_version", "set_data", wire.set_data("/private", "", 9), 2, error=NO_AUTH)
    t.call("set_acl_no_auth", "set_acl", wire.set_acl("/private", wire.OPEN), 2, error=NO_AUTH)
    t.call("multi_no_auth", "multi", wire.multi(("create", wire.create("/x")),
                                                ("set_data", wire.set_data("/private", ""))), 2)
    t.call("multi_check_no_auth", "multi", wire.multi(("check", wire.path_version("/private"))), 2)
    t.call("multi_read_no_auth", "multi_read", wire.multi(("get_data", wire.path_watch("/private"))), 2)
    t.call("reader_reads", "get_data", wire.path_watch("/readable"), 2)
    t.call("reader_does_not_see_the_hash", "get_acl", wire.buffer("/readable"), 2)
    t.call("reader_cannot_write", "set_data", wire.set_data("/readable", ""), 2, error=NO_AUTH)
    t.call("acl_auth_without_any", "set_acl", wire.set_acl("/readable/open", [owner]), 2, error=INVALID_ACL)
    t.call("persistent_watch_needs_no_permission", "add_watch", wire.buffer("/private") + wire.i32(1), 2)
    t.call("events_are_filtered_by_read", "set_data", wire.set_data("/private", "y"))
    t.ping("nothing_on_other", connection=2)
    t.call("auth_of_other", "auth", auth_body("digest", "u:p"), 2, AUTH_XID)
    t.call("other_reads_now", "get_data", wire.path_watch("/private"), 2)
    t.call("with_permission_events_come", "set_data", wire.set_data("/private", "z"))
    t.expect_event(2)
    t.ping("nothing_more_on_other", connection=2)
