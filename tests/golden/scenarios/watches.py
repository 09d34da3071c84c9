import wire
from wire import MARSHALLING, NO_NODE, NO_WATCHER

PERSISTENT, RECURSIVE = 0, 1
CHILDREN, DATA, ANY, PERSISTENT_TYPE, RECURSIVE_TYPE = 1, 2, 3, 4, 5


def add_watch(path, mode):
    return wire.buffer(path) + wire.i32(mode)


def watches(path, kind):
    return wire.buffer(path) + wire.i32(kind)


def once(t):
    """One-shot watches, set and fired on the same connection and on another one."""
    t.connect(1)
    t.connect(2, "connect_other")
    t.call("exists_watch_on_missing", "exists", wire.path_watch("/a", True), error=NO_NODE)
    t.call("created", "create", wire.create("/a", "x"))
    t.call("get_data_watch", "get_data", wire.path_watch("/a", True))
    t.call("data_changed", "set_data", wire.set_data("/a", "y"))
    t.call("fired_once_only", "set_data", wire.set_data("/a", "z"))
    t.call("exists_watch", "exists", wire.path_watch("/a", True))
    t.call("data_changed_for_exists", "set_data", wire.set_data("/a", "y"))
    t.call("get_children_watch", "get_children", wire.path_watch("/a", True))
    t.call("children_changed_by_create", "create", wire.create("/a/b"))
    t.call("get_children2_watch", "get_children2", wire.path_watch("/a", True))
    t.call("children_changed_by_delete", "delete", wire.path_version("/a/b"))
    t.call("get_children_watch_unmoved_by_data", "get_children", wire.path_watch("/a", True))
    t.call("set_does_not_fire_it", "set_data", wire.set_data("/a", "y"))
    t.call("data_watch_too", "get_data", wire.path_watch("/a", True))
    t.call("data_watch_on_other", "get_data", wire.path_watch("/a", True), connection=2)
    t.call("child_watch_on_root", "get_children", wire.path_watch("/", True))
    t.call("deleted_fires_once_per_connection", "delete", wire.path_version("/a"))
    t.expect_event(2)
    t.call("get_data_watch_on_missing", "get_data", wire.path_watch("/b", True), error=NO_NODE)
    t.call("it_was_not_set", "create", wire.create("/b"))
    t.call("set_acl_watch", "get_data", wire.path_watch("/b", True))
    t.call("set_acl_fires_nothing", "set_acl", wire.set_acl("/b", wire.OPEN))
    t.call("change_by_other", "set_data", wire.set_data("/b", "by other"), connection=2)
    t.expect_event(1)
    t.ping("nothing_more_on_other", connection=2)
    t.ping("nothing_more")


def persistent(t):
    """Persistent and recursive watches stay."""
    t.connect(1)
    t.connect(2, "connect_recursive")
    t.call("add_watch_persistent", "add_watch", add_watch("/a", PERSISTENT))
    t.call("add_watch_recursive", "add_watch", add_watch("/a", RECURSIVE), connection=2)

    def change(name, operation, body, events_on_1, events_on_2):
        t.call(name, operation, body, connection=3)
        for _ in range(events_on_1):
            t.expect_event(1)
        for _ in range(events_on_2):
            t.expect_event(2)

    t.connect(3, "connect_writer")
    change("create", "create", wire.create("/a"), 1, 1)
    change("set", "set_data", wire.set_data("/a", "x"), 1, 1)
    change("set_again", "set_data", wire.set_data("/a", "y"), 1, 1)
    change("create_child", "create", wire.create("/a/b"), 1, 1)
    change("set_child", "set_data", wire.set_data("/a/b", "x"), 0, 1)
    change("create_grandchild", "create", wire.create("/a/b/c"), 0, 1)
    change("delete_grandchild", "delete", wire.path_version("/a/b/c"), 0, 1)
    change("delete_child", "delete", wire.path_version("/a/b"), 1, 1)
    change("delete", "delete", wire.path_version("/a"), 1, 1)
    change("create_after_delete", "create", wire.create("/a"), 1, 1)
    change("sibling_fires_nothing", "create", wire.create("/ab"), 0, 0)
    t.ping("nothing_more_on_persistent", connection=1)
    t.ping("nothing_more_on_recursive", connection=2)
    t.call("child_watch_beside_recursive", "get_children", wire.path_watch("/a", True), connection=2)
    change("children_changed_for_both", "create", wire.create("/a/d"), 1, 2)
    t.ping("nothing_more_on_recursive_again", connection=2)
    t.call("raw_add_watch_unknown_mode", "add_watch", add_watch("/a", 2), error=MARSHALLING)


def replaced(t):
    """Up to 3.8 a connection holds one mode per path and table: the last registration wins."""
    t.connect()
    t.call("create_a", "create", wire.create("/a"))
    t.call("add_watch", "add_watch", add_watch("/a", PERSISTENT))
    t.call("set_fires", "set_data", wire.set_data("/a", "1"))
    t.call("one_shot_replaces_it", "get_data", wire.path_watch("/a", True))
    t.call("set_fires_the_one_shot", "set_data", wire.set_data("/a", "2"))
    t.call("set_fires_nothing", "set_data", wire.set_data("/a", "3"))
    t.call("child_half_is_still_persistent", "create", wire.create("/a/b"))
    t.call("child_half_again", "create", wire.create("/a/c"))
    t.call("add_watch_again", "add_watch", add_watch("/a", PERSISTENT))
    t.call("recursive_replaces_the_data_half", "add_watch", add_watch("/a", RECURSIVE))
    t.call("create_child_fires", "create", wire.create("/a/d"))
    t.call("set_child_fires", "set_data", wire.set_data("/a/d", "x"))
    t.call("persistent_replaces_recursive", "add_watch", add_watch("/a", PERSISTENT))
    t.call("set_child_fires_nothing", "set_data", wire.set_data("/a/d", "y"))
    t.call("set_fires_again", "set_data", wire.set_data("/a", "4"))


def removed(t):
    """checkWatches and removeWatches."""
    t.connect()
    t.call("create_a", "create", wire.create("/a"))
    t.call("check_none", "check_watches", watches("/a", DATA), error=NO_WATCHER)
    t.call("remove_none", "remove_watches", watches("/a", ANY), error=NO_WATCHER)
    t.call("data_watch", "get_data", wire.path_watch("/a", True))
    t.call("check_data", "check_watches", watches("/a", DATA))
    t.call("check_any", "check_watches", watches("/a", ANY))
    t.call("check_children", "check_watches", watches("/a", CHILDREN), error=NO_WATCHER)
    t.call("remove_children", "remove_watches", watches("/a", CHILDREN), error=NO_WATCHER)
    t.call("remove_data", "remove_watches", watches("/a", DATA))
    t.call("set_fires_nothing", "set_data", wire.set_data("/a", "x"))
    t.call("child_watch", "get_children", wire.path_watch("/a", True))
    t.call("remove_children_watch", "remove_watches", watches("/a", CHILDREN))
    t.call("create_fires_nothing", "create", wire.create("/a/b"))
    t.call("add_watch_persistent", "add_watch", add_watch("/a", PERSISTENT))
    t.call("check_persistent_type_is_unknown", "check_watches", watches("/a", PERSISTENT_TYPE), error=MARSHALLING)
    t.call("remove_persistent_type_is_unknown", "remove_watches", watches("/a", PERSISTENT_TYPE), error=MARSHALLING)
    t.call("remove_recursive_type_is_unknown", "remove_watches", watches("/a", RECURSIVE_TYPE), error=MARSHALLING)
    t.call("remove_any", "remove_watches", watches("/a", ANY))
    t.call("set_fires_nothing_again", "set_data", wire.set_data("/a", "x"))
    t.call("add_watch_recursive", "add_watch", add_watch("/a", RECURSIVE))
    t.call("remove_any_recursive", "remove_watches", watches("/a", ANY))
    t.call("create_child_fires_nothing", "create", wire.create("/a/c"))
    t.call("add_watch_for_its_halves", "add_watch", add_watch("/a", PERSISTENT))
    t.call("remove_its_child_half", "remove_watches", watches("/a", CHILDREN))
    t.call("data_half_is_left", "set_data", wire.set_data("/a", "y"))
    t.call("child_half_is_gone", "create", wire.create("/a/d"))
    t.call("raw_type_0", "check_watches", watches("/a", 0), error=MARSHALLING)


def set_watches(t):
    """What was missed while the client was away comes before the reply; persistent watches have no catch-up."""
    t.connect(1)
    for path in ("/same", "/changed", "/deleted", "/children", "/child_gone", "/parent_gone"):
        t.call(f"create_{path[1:]}", "create", wire.create(path))
    t.call("create_child", "create", wire.create("/child_gone/x"))
    last_seen = wire.reply_zxid(t.ping())
    t.call("change", "set_data", wire.set_data("/changed", "x"))
    t.call("delete", "delete", wire.path_version("/deleted"))
    t.call("create_appeared", "create", wire.create("/appeared"))
    t.call("create_new_child", "create", wire.create("/children/x"))
    t.call("delete_child", "delete", wire.path_version("/child_gone/x"))
    t.call("delete_parent", "delete", wire.path_version("/parent_gone"))

    t.connect(2, "connect_second")
    t.call("set_watches_data", "set_watches", wire.set_watches(last_seen, data=["/same"]), 2, wire.SET_WATCHES_XID)
    t.call("set_watches_changed", "set_watches", wire.set_watches(last_seen, data=["/changed"]), 2, wire.SET_WATCHES_XID)
    t.call("set_watches_deleted", "set_watches", wire.set_watches(last_seen, data=["/deleted"]), 2, wire.SET_WATCHES_XID)
    t.call("set_watches_exist", "set_watches", wire.set_watches(last_seen, exist=["/appeared"]), 2, wire.SET_WATCHES_XID)
    t.call("set_watches_not_there_yet", "set_watches", wire.set_watches(last_seen, exist=["/later"]), 2,
           wire.SET_WATCHES_XID)
    t.call("set_watches_children", "set_watches", wire.set_watches(last_seen, child=["/children"]), 2,
           wire.SET_WATCHES_XID)
    t.call("set_watches_child_gone", "set_watches", wire.set_watches(last_seen, child=["/child_gone"]), 2,
           wire.SET_WATCHES_XID)
    t.call("set_watches_parent_gone", "set_watches", wire.set_watches(last_seen, child=["/parent_gone"]), 2,
           wire.SET_WATCHES_XID)
    t.call("set_watches_same_children", "set_watches", wire.set_watches(last_seen, child=["/same"]), 2,
           wire.SET_WATCHES_XID)
    t.call("set_watches_empty", "set_watches", wire.set_watches(last_seen), 2, wire.SET_WATCHES_XID)
    t.call("set_watches_with_another_xid", "set_watches", wire.set_watches(last_seen), 2, 55)
    t.call("registered_data_fires", "set_data", wire.set_data("/same", "x"), 2)
    t.call("registered_exist_fires", "create", wire.create("/later"), 2)
    t.call("registered_children_fires", "create", wire.create("/same/x"), 2)

    t.connect(3, "connect_third")
    t.call("set_watches2_no_catch_up", "set_watches2", wire.set_watches2(
        last_seen, persistent=["/changed"], recursive=["/children"]), 3, wire.SET_WATCHES_XID)
    t.call("set_watches2_catch_up", "set_watches2", wire.set_watches2(last_seen, data=["/deleted"]), 3,
           wire.SET_WATCHES_XID)
    t.call("persistent_fires", "set_data", wire.set_data("/changed", "y"), 3)
    t.call("persistent_fires_again", "set_data", wire.set_data("/changed", "z"), 3)
    t.call("recursive_fires", "set_data", wire.set_data("/children/x", "z"), 3)
    t.call("recursive_fires_again", "create", wire.create("/children/y"), 3)
    t.ping("nothing_more_on_second", connection=2)
    t.ping("nothing_more_on_third", connection=3)
