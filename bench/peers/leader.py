"""kazoo.recipe.election.Election of Debian's python3-kazoo, as leaders.hpp tells candidates to behave: leader.py ADDRESS PATH MILLISECONDS"""

import sys
import time

import kazoo.client


def lead():
    print("leads", time.monotonic_ns(), flush=True)
    sys.stdin.readline()
    print("resigns", time.monotonic_ns(), flush=True)


address, path, milliseconds = sys.argv[1:]
client = kazoo.client.KazooClient(hosts=address, timeout=int(milliseconds) / 1000)
client.start()
while True:
    client.Election(path, "python").run(lead)
