import wire


def connect(t):
    """First frames: new sessions, timeouts clamped to 2..20 ticks of 1 s, resumption, refusal."""
    session, password = t.connect(1, "new_session")
    t.connect(2, "new_session_without_read_only_byte", read_only=None)
    t.connect(3, "new_session_read_only_allowed", read_only=True)
    t.connect(4, "timeout_below_the_minimum", timeout=1)
    t.connect(5, "timeout_above_the_maximum", timeout=1000000)
    t.connect(6, "password_null", password=None)
    t.connect(7, "password_empty", password=b"")
    t.connect(8, "protocol_version_is_ignored", version=7)
    t.connect(9, "raw_bytes_behind_the_read_only_byte", extra=b"\0\0\0\0")

    t.call("create_ephemeral", "create", wire.create("/mine", flags=wire.EPHEMERAL))
    t.drop(1)
    t.connect(10, "resume", session=session, password=password)
    t.call("ephemeral_is_still_there", "exists", wire.path_watch("/mine"), connection=10)
    t.connect(11, "resume_moves_the_session", session=session, password=password)
    t.begin("old_connection_is_cut")
    t.expect_closed(10)
    t.call("session_works_on_the_new_connection", "exists", wire.path_watch("/mine"), connection=11)

    t.connect(12, "resume_with_wrong_password", session=session, password=b"x" * 16)
    t.expect_closed(12)
    t.begin("wrong_password_cuts_the_live_connection_too")
    t.expect_closed(11)
    t.connect(13, "resume_unknown_session", session=0x123456789, password=password)
    t.expect_closed(13)
    t.connect(14, "resume_without_read_only_byte", session=session, password=password, read_only=None)
    t.ping("ping_of_resumed_session", connection=14)

    t.connect(15, "last_zxid_ahead_of_the_server", last_zxid=1 << 40)
    t.raw("raw_request_before_connect", wire.frame(wire.i32(1) + wire.i32(4) + wire.path_watch("/")), connection=16)
    t.raw("raw_frame_length_0_as_first_frame", wire.i32(0), connection=17)
    t.raw("raw_frame_length_negative", wire.i32(-2), connection=18)
    t.raw("raw_frame_length_above_the_limit", wire.i32(0x100000), connection=19)
    t.connect(20, "new_session_for_bad_lengths")
    t.raw("raw_frame_length_negative_later", wire.i32(-1), connection=20)
    t.connect(21, "new_session_for_long_frame")
    t.raw("raw_frame_length_above_the_limit_later", wire.i32(0x100000), connection=21)


def close(t):
    """closeSession deletes the ephemerals, tells the watchers, answers, and ends the connection."""
    t.connect(1)
    t.connect(2, "connect_watcher")
    t.call("create_parent", "create", wire.create("/p"))
    t.call("create_ephemeral", "create", wire.create("/p/e", "mine", flags=wire.EPHEMERAL))
    t.call("create_ephemeral_sequential", "create2", wire.create("/p/s-", "mine", flags=wire.EPHEMERAL_SEQUENTIAL))
    t.call("get_ephemerals", "get_ephemerals", wire.buffer("/p"))
    t.call("watch_ephemeral", "get_data", wire.path_watch("/p/e", True), connection=2)
    t.call("close", "close", closed=True)
    t.expect_event(2)
    t.call("ephemerals_are_gone", "get_children2", wire.path_watch("/p"), connection=2)
    session, password = t.connect(3, "connect_again")
    t.call("close_without_ephemerals", "close", connection=3, closed=True)
    t.connect(4, "closed_session_cannot_be_resumed", session=session, password=password)
    t.expect_closed(4)
