#!/usr/bin/env python3
"""Contends for a lock with kazoo for Python, beside worker/turns.cpp: kazoo_worker.py HOSTS PATH NAME FILE TURNS MS

Takes the lock TURNS times; in each turn it appends "enter NAME" and "leave NAME" to FILE. With 0 TURNS it takes the
lock once and keeps it for ever. MS is the session timeout.
"""
import os
import sys
import time

from kazoo.client import KazooClient


def main(hosts, path, name, file, turns, session_ms):
    log = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    zk = KazooClient(hosts=hosts, timeout=int(session_ms) / 1000)
    zk.start(timeout=60)
    lock = zk.Lock(path, name)
    if int(turns) == 0:
        lock.acquire()
        os.write(log, f"enter {name}\n".encode())
        time.sleep(3600)
    for _ in range(int(turns)):
        with lock:
            os.write(log, f"enter {name}\n".encode())
            time.sleep(0.001)
            os.write(log, f"leave {name}\n".encode())
    zk.stop()
    zk.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
