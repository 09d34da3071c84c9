import wire
from wire import MARSHALLING


def multi(t):
    """Transactions that succeed."""
    t.connect()
    t.call("empty", "multi", wire.multi())
    t.call("one_of_each", "multi", wire.multi(
        ("create", wire.create("/a", "x")),
        ("create2", wire.create("/b", "x")),
        ("create_container", wire.create("/c", flags=wire.CONTAINER)),
        ("create_ttl", wire.create_ttl("/t")),
        ("set_data", wire.set_data("/a", "yz", 0)),
        ("check", wire.path_version("/a", 1)),
        ("delete", wire.path_version("/b", 0))))
    t.call("exists_a", "exists", wire.path_watch("/a"))
    t.call("sequential", "multi", wire.multi(
        ("create", wire.create("/a/s-", flags=wire.SEQUENTIAL)),
        ("create2", wire.create("/a/s-", None, flags=wire.EPHEMERAL_SEQUENTIAL)),
        ("create", wire.create("/a/s-", flags=wire.SEQUENTIAL))))
    t.call("check_alone", "multi", wire.multi(("check", wire.path_version("/a", 1))))
    t.call("check_any_version", "multi", wire.multi(("check", wire.path_version("/a"))))
    t.call("parent_and_child", "multi", wire.multi(
        ("create", wire.create("/p")), ("create", wire.create("/p/q")), ("delete", wire.path_version("/p/q"))))
    t.call("create_and_delete", "multi", wire.multi(
        ("create", wire.create("/tmp")), ("delete", wire.path_version("/tmp", 0))))
    t.call("watch_root", "get_children", wire.path_watch("/", True))
    t.call("event_before_the_reply", "multi", wire.multi(
        ("create", wire.create("/w1")), ("create", wire.create("/w2"))))
    t.call("exists_root", "exists", wire.path_watch("/"))


def multi_errors(t):
    """Transactions that fail: the header says 0, nothing is applied. And those that cannot be read."""
    t.connect()
    t.call("create_a", "create", wire.create("/a", "x"))
    t.call("create_e", "create", wire.create("/e", flags=wire.EPHEMERAL))
    made, gone = ("create", wire.create("/made")), ("delete", wire.path_version("/a"))
    for name, operation in [
            ("bad_version_check", ("check", wire.path_version("/a", 5))),
            ("bad_version_set", ("set_data", wire.set_data("/a", "", 5))),
            ("bad_version_delete", ("delete", wire.path_version("/a", 5))),
            ("no_node_check", ("check", wire.path_version("/no"))),
            ("no_node_set", ("set_data", wire.set_data("/no", ""))),
            ("no_node_delete", ("delete", wire.path_version("/no"))),
            ("node_exists", ("create", wire.create("/a"))),
            ("node_exists_create2", ("create2", wire.create("/a"))),
            ("no_children_for_ephemerals", ("create", wire.create("/e/x"))),
            ("invalid_acl", ("create", wire.create("/x", entries=[]))),
            ("bad_flag", ("create", wire.create("/x", flags=9))),
            ("bad_ttl", ("create_ttl", wire.create_ttl("/x", ttl=0))),
            ("bad_path", ("create", wire.create("x")))]:
        t.call(name, "multi", wire.multi(made, operation, gone))
    t.call("first_fails", "multi", wire.multi(("check", wire.path_version("/no")), made, gone))
    t.call("last_fails", "multi", wire.multi(made, ("delete", wire.path_version("/no"))))
    t.call("not_empty_within", "multi", wire.multi(made, ("create", wire.create("/made/x")),
                                                   ("delete", wire.path_version("/made"))))
    t.call("nothing_is_applied", "get_children2", wire.path_watch("/"))
    t.call("raw_read_is_forbidden", "multi", wire.multi(made, ("get_data", wire.path_watch("/a"))), error=MARSHALLING)
    t.call("raw_set_acl_is_forbidden", "multi", wire.multi(made, ("set_acl", wire.set_acl("/a", wire.OPEN))),
           error=MARSHALLING)
    t.call("raw_end_is_missing", "multi", wire.multi(made)[:-9], error=MARSHALLING)
    t.call("connection_still_works", "get_children2", wire.path_watch("/"))


def multi_read(t):
    """multiRead: getData and getChildren, each with its own error."""
    t.connect()
    t.call("create_a", "create", wire.create("/a", "x"))
    t.call("create_null", "create", wire.create("/a/null", None))
    t.call("empty", "multi_read", wire.multi())
    t.call("both", "multi_read", wire.multi(
        ("get_data", wire.path_watch("/a")), ("get_children", wire.path_watch("/a"))))
    t.call("some_fail", "multi_read", wire.multi(
        ("get_data", wire.path_watch("/no")), ("get_data", wire.path_watch("/a/null")),
        ("get_children", wire.path_watch("/no")), ("get_children", wire.path_watch("/a/null"))))
    t.call("watch_flags_are_ignored", "multi_read", wire.multi(("get_data", wire.path_watch("/a", True))))
    t.call("no_event_for_them", "set_data", wire.set_data("/a", "y"))
    t.call("raw_write_is_forbidden", "multi_read", wire.multi(("delete", wire.path_version("/a"))), error=MARSHALLING)
    t.call("raw_exists_is_forbidden", "multi_read", wire.multi(("exists", wire.path_watch("/a"))), error=MARSHALLING)
    t.call("connection_still_works", "exists", wire.path_watch("/a"))
