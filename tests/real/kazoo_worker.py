#!/usr/bin/env python3
"""Contends with kazoo for Python, beside worker/turns.cpp: kazoo_worker.py HOSTS PATH NAME FILE TURNS MS KIND

Takes what KIND says of PATH (mutex, reader, writer, leader, or so many permits: a number) TURNS times; in each turn it appends
"enter NAME" and "leave NAME" to FILE. With 0 TURNS it takes it once and keeps it for ever. MS is the session timeout.
"""
import datetime
import json
import os
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.retry import RetryFailedError


def begin(hosts, file, session_ms):
    """A client, and what appends a line to FILE."""
    log = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    zk = KazooClient(hosts=hosts, timeout=int(session_ms) / 1000)
    zk.start(timeout=60)

    def tell(*words):
        os.write(log, (" ".join(words) + "\n").encode())

    return zk, tell


def thing_of(kind, zk, path, name):
    """What a worker holds in its turn."""
    kinds = {"mutex": zk.Lock, "reader": zk.ReadLock, "writer": zk.WriteLock}
    if kind in kinds:
        return kinds[kind](path, name)
    return zk.Semaphore(path, name, max_leases=int(kind))


def lead(election, turns, tell):
    def turn():
        tell("enter")
        time.sleep(0.001 if turns else 3600)
        tell("leave")

    for _ in range(max(turns, 1)):
        election.run(turn)


def main(hosts, path, name, file, turns, session_ms, kind):
    zk, tell = begin(hosts, file, session_ms)
    if kind == "leader":
        lead(zk.Election(path, name), int(turns), lambda what: tell(what, name))
        return
    held = thing_of(kind, zk, path, name)
    if int(turns) == 0:
        held.acquire()
        tell("enter", name)
        time.sleep(3600)
    for _ in range(int(turns)):
        with held:
            tell("enter", name)
            time.sleep(0.001)
            tell("leave", name)
    zk.stop()
    zk.close()


def commands_in(file):
    """The lines of a file that grows, for ever."""
    with open(file, encoding="utf-8") as commands:
        line = ""
        while True:
            line += commands.readline()
            if line.endswith("\n"):
                yield line
                line = ""
            else:
                time.sleep(0.005)


# -- watching_python_test.cpp: kazoo_worker.py watching HOSTS PATH FILE MS --------------------------------------------


def watching(hosts, path, file, session_ms):
    """Appends what DataWatch and ChildrenWatch tell of PATH to FILE, and does what the lines of FILE.commands say."""
    zk, tell = begin(hosts, file, session_ms)
    zk.DataWatch(path, lambda data, stat: tell("data", "-" if data is None else data.decode()))
    zk.ChildrenWatch(path, lambda names: tell("children", ",".join(sorted(names))))
    do = {
        "create": lambda where, data: zk.create(where, data.encode()),
        "ephemeral": lambda where, data: zk.create(where, data.encode(), ephemeral=True),
        "set": lambda where, data: zk.set(where, data.encode()),
        "delete": lambda where: zk.delete(where, recursive=True),
    }
    for line in commands_in(file + ".commands"):
        what, *words = line.split()
        do[what](*words)
        tell("done", what)


# -- lease_python_test.cpp: kazoo_worker.py leases HOSTS FILE ---------------------------------------------------------


def leases(hosts, file):
    """Asks for what the lines of FILE.commands, JSON, say, and appends to FILE what came of each."""
    zk, tell = begin(hosts, file, 4000)
    for line in commands_in(file + ".commands"):
        what = json.loads(line)
        ahead = datetime.timedelta(seconds=what["clock"])
        more = {"identifier": what["name"], "utcnow": lambda: datetime.datetime.utcnow() + ahead}
        duration = datetime.timedelta(seconds=what["seconds"])
        if what["places"]:
            got = zk.MultiNonBlockingLease(what["places"], what["path"], duration, **more)
        else:
            got = zk.NonBlockingLease(what["path"], duration, **more)
        tell(str(what["number"]), str(bool(got)))


# -- counter_python_test.cpp: kazoo_worker.py count HOSTS PATH NAME FILE TIMES, and counters HOSTS FILE ------------------


def add(counter, by):
    """Until nobody else comes first; nothing was applied if somebody did."""
    while True:
        try:
            counter += by
            return counter
        except RetryFailedError:
            pass


def count(hosts, path, name, file, times):
    """As worker/count.cpp: adds one TIMES times, or for ever, and says so each time."""
    zk, tell = begin(hosts, file, 4000)
    counter = zk.Counter(path)
    done = 0
    while int(times) == 0 or done < int(times):
        add(counter, 1)
        done += 1
        tell(name, str(done))
    zk.stop()
    zk.close()


def counters(hosts, file):
    """Adds what the lines of FILE.commands, JSON, say, and appends to FILE what there was and is, as repr() shows it."""
    zk, tell = begin(hosts, file, 4000)
    for line in commands_in(file + ".commands"):
        what = json.loads(line)
        kind = float if what["float"] else int
        counter = add(zk.Counter(what["path"], kind(0), support_curator=what["curator"]), kind(what["by"]))
        tell(str(what["number"]), repr(counter.pre_value), repr(counter.post_value))


# -- party_python_test.cpp: kazoo_worker.py parties HOSTS FILE --------------------------------------------------------


def parties(hosts, file):
    """Does with parties what the lines of FILE.commands, JSON, say, and appends to FILE what came of each."""
    zk, tell = begin(hosts, file, 4000)
    known = {}
    for line in commands_in(file + ".commands"):
        what = json.loads(line)
        key = (what["path"], what["name"], what["shallow"])
        if key not in known:
            known[key] = (zk.ShallowParty if what["shallow"] else zk.Party)(what["path"], what["name"])
        party = known[key]
        do = {
            "join": lambda: party.join() or "done",
            "leave": lambda: party.leave() or "done",
            "members": lambda: ",".join(sorted(party)),
            "size": lambda: len(party),
        }
        tell(str(what["number"]), str(do[what["do"]]()))


# -- barrier_python_test.cpp: kazoo_worker.py barriers HOSTS FILE -----------------------------------------------------


def barriers(hosts, file):
    """Does with barriers what the lines of FILE.commands, JSON, say, each in a thread of its own as they wait for each
    other, and appends to FILE what came of each."""
    zk, tell = begin(hosts, file, 4000)
    doubles = {}

    def double(what):
        key = (what["path"], what["name"])
        if key not in doubles:
            doubles[key] = zk.DoubleBarrier(what["path"], what["members"], what["name"])
        return doubles[key]

    def enter(what):
        double(what).enter()
        return double(what).participating

    do = {
        "create": lambda what: zk.Barrier(what["path"]).create() or "done",
        "remove": lambda what: zk.Barrier(what["path"]).remove(),
        "look": lambda what: zk.Barrier(what["path"]).wait(0),
        "wait": lambda what: zk.Barrier(what["path"]).wait(),
        "enter": enter,
        "leave": lambda what: double(what).leave() or "done",
    }

    def work(what):
        tell(str(what["number"]), str(do[what["do"]](what)))

    for line in commands_in(file + ".commands"):
        threading.Thread(target=work, args=(json.loads(line),), daemon=True).start()


# -- queue_python_test.cpp: kazoo_worker.py queue HOSTS PATH NAME FILE TIMES WHAT -----------------------------------------


def use_queue(hosts, path, name, file, times, what):
    """As worker/queue.cpp: pushes or pops TIMES items, or for ever, and says so each time."""
    zk, tell = begin(hosts, file, 4000)
    queue = zk.Queue(path)
    done = 0
    while int(times) == 0 or done < int(times):
        if what == "push":
            item = f"{name}-{done}"
            queue.put(item.encode())
            tell(name, "pushed", item)
        else:
            try:
                item = queue.get()
            except RetryFailedError:  # somebody else came first
                continue
            if item is None:
                time.sleep(0.005)
                continue
            tell(name, "popped", item.decode())
            if int(times) == 0:
                time.sleep(0.005)  # until it is killed there is something left
        done += 1
    zk.stop()
    zk.close()


# -- locking_queue_python_test.cpp: kazoo_worker.py locking_queue HOSTS PATH NAME FILE TIMES WHAT ---------------------


def use_locking_queue(hosts, path, name, file, times, what):
    """As worker/locking_queue.cpp: pushes, consumes or holds items."""
    zk, tell = begin(hosts, file, 4000)
    queue = zk.LockingQueue(path)
    done = 0
    while int(times) == 0 or done < int(times):
        if what == "push":
            item = f"{name}-{done}"
            queue.put(item.encode())
            tell(name, "pushed", item)
        else:
            item = queue.get(timeout=1)
            if item is None:
                continue
            if what == "hold":
                tell(name, "holds", item.decode())
                time.sleep(3600)  # until it is killed
            if not queue.consume():
                continue
            tell(name, "consumed", item.decode())
            if int(times) == 0:
                time.sleep(0.005)  # until it is killed there is something left
        done += 1
    zk.stop()
    zk.close()


# -- set_partitioner_python_test.cpp: kazoo_worker.py partition HOSTS PATH NAME FILE ITEMS --------------------------------


def share_out(hosts, path, name, file, items):
    """As worker/partition.cpp: shares ITEMS out with others, for ever, and says what it has and when it gives it back."""
    zk, tell = begin(hosts, file, 10000)
    p = zk.SetPartitioner(path, set(items.split(",")), identifier=name, time_boundary=0.3, max_reaction_time=0.2)
    told = False
    while not p.failed:
        if p.acquired and not told:
            tell(name, "has", ",".join(p))
            told = True
        elif p.release:
            if told:
                tell(name, "gives")
            told = False
            p.release_set()
        else:
            time.sleep(0.005)


if __name__ == "__main__":
    modes = {
        "watching": watching,
        "leases": leases,
        "count": count,
        "counters": counters,
        "parties": parties,
        "barriers": barriers,
        "partition": share_out,
        "queue": use_queue,
        "locking_queue": use_locking_queue,
    }
    if sys.argv[1] in modes:
        modes[sys.argv[1]](*sys.argv[2:])
    else:
        main(*sys.argv[1:])
