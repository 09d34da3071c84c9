"""What is asked of the servers: one function a transcript, in the order in which they are recorded."""

from scenarios import auth, multi, reads, reconfig, refusals, session, watches, writes

ALL = {
    "connect": session.connect,
    "close": session.close,
    "create": writes.create,
    "create_errors": writes.create_errors,
    "delete": writes.delete,
    "set": writes.set_data_and_acl,
    "read": reads.read,
    "read_errors": reads.read_errors,
    "multi": multi.multi,
    "multi_errors": multi.multi_errors,
    "multi_read": multi.multi_read,
    "watch_once": watches.once,
    "watch_persistent": watches.persistent,
    "watch_replaced": watches.replaced,
    "watch_removed": watches.removed,
    "set_watches": watches.set_watches,
    "auth": auth.auth,
    "auth_refused": auth.refused,
    "acl": auth.acl,
    "refusals": refusals.refusals,
    "ensemble/reconfig": reconfig.reconfig,
}
