import wire
from wire import BAD_ARGUMENTS, BAD_VERSION

ANY_VERSION = -1


def body(joining=None, leaving=None, members=None, version=ANY_VERSION):
    return wire.buffer(joining) + wire.buffer(leaving) + wire.buffer(members) + wire.i64(version)


def reconfig(t):
    """Changes of membership, on an ensemble of one server that lets an observer in which does not exist."""
    t.connect()
    t.call("get_config", "get_data", wire.path_watch("/zookeeper/config"))
    t.call("watch_config", "exists", wire.path_watch("/zookeeper/config", True))
    t.call("join", "reconfig", body(joining="server.2=127.0.0.1:1:2:observer;127.0.0.1:3"))
    t.call("get_new_config", "get_data", wire.path_watch("/zookeeper/config"))
    t.call("leave", "reconfig", body(leaving="2"))
    t.call("bad_version", "reconfig", body(leaving="2", version=0x7FFF), error=BAD_VERSION)
    t.call("last_participant_cannot_leave", "reconfig", body(leaving="1"), error=BAD_ARGUMENTS)
    t.call("malformed", "reconfig", body(joining="nonsense"), error=BAD_ARGUMENTS)
