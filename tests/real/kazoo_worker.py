#!/usr/bin/env python3
"""Contends with kazoo for Python, beside worker/turns.cpp: kazoo_worker.py HOSTS PATH NAME FILE TURNS MS KIND

Takes what KIND says of PATH (mutex, reader, writer, or so many permits: a number) TURNS times; in each turn it appends
"enter NAME" and "leave NAME" to FILE. With 0 TURNS it takes it once and keeps it for ever. MS is the session timeout.
"""
import os
import sys
import time

from kazoo.client import KazooClient


def thing_of(kind, zk, path, name):
    """What a worker holds in its turn."""
    kinds = {"mutex": zk.Lock, "reader": zk.ReadLock, "writer": zk.WriteLock}
    if kind in kinds:
        return kinds[kind](path, name)
    return zk.Semaphore(path, name, max_leases=int(kind))


def main(hosts, path, name, file, turns, session_ms, kind):
    log = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    zk = KazooClient(hosts=hosts, timeout=int(session_ms) / 1000)
    zk.start(timeout=60)
    held = thing_of(kind, zk, path, name)
    if int(turns) == 0:
        held.acquire()
        os.write(log, f"enter {name}\n".encode())
        time.sleep(3600)
    for _ in range(int(turns)):
        with held:
            os.write(log, f"enter {name}\n".encode())
            time.sleep(0.001)
            os.write(log, f"leave {name}\n".encode())
    zk.stop()
    zk.close()


# -- watching_python_test.cpp: kazoo_worker.py watching HOSTS PATH FILE MS --------------------------------------------


def watching(hosts, path, file, session_ms):
    """Appends what DataWatch and ChildrenWatch tell of PATH to FILE, and does what the lines of FILE.commands say."""
    log = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    zk = KazooClient(hosts=hosts, timeout=int(session_ms) / 1000)
    zk.start(timeout=60)

    def tell(*words):
        os.write(log, (" ".join(words) + "\n").encode())

    zk.DataWatch(path, lambda data, stat: tell("data", "-" if data is None else data.decode()))
    zk.ChildrenWatch(path, lambda names: tell("children", ",".join(sorted(names))))
    do = {
        "create": lambda where, data: zk.create(where, data.encode()),
        "ephemeral": lambda where, data: zk.create(where, data.encode(), ephemeral=True),
        "set": lambda where, data: zk.set(where, data.encode()),
        "delete": lambda where: zk.delete(where, recursive=True),
    }
    with open(file + ".commands", encoding="utf-8") as commands:
        line = ""
        while True:
            line += commands.readline()
            if not line.endswith("\n"):
                time.sleep(0.005)
                continue
            what, *words = line.split()
            do[what](*words)
            tell("done", what)
            line = ""


if __name__ == "__main__":
    if sys.argv[1] == "watching":
        watching(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
