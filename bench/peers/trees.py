"""kazoo.recipe.cache.TreeCache of Debian's python3-kazoo in the workload `tree`; prints one measurement, as `kazoo_bench run` does."""

import argparse
import resource
import threading
import time

import kazoo.client
from kazoo.recipe.cache import TreeCache, TreeEvent


def load(client, path):
    """Seconds until everything below the path was read, and the cache."""
    loaded = threading.Event()
    cache = TreeCache(client, path)
    cache.listen(lambda event: event.event_type == TreeEvent.INITIALIZED and loaded.set())
    start = time.perf_counter()
    cache.start()
    if not loaded.wait(600):
        raise RuntimeError("the tree was not loaded")
    return time.perf_counter() - start, cache


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_rss_kb():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main():
    parser = argparse.ArgumentParser()
    for name, kind in (("workload", str), ("address", str), ("root", str), ("ops", int), ("seconds", float)):
        parser.add_argument("--" + name, type=kind, required=True)
    options = parser.parse_args()
    client = kazoo.client.KazooClient(hosts=options.address, timeout=30)
    client.start()
    tree = options.root + "/tree"
    _, warm = load(client, tree + "/0")  # one folder; there is nothing here that gets faster
    warm.close()
    folders = client.get_children(tree)
    cpu = cpu_seconds()
    took, cache = load(client, tree)
    cpu = cpu_seconds() - cpu
    done = 1 + len(folders) + sum(len(cache.get_children(f"{tree}/{name}")) for name in folders)
    print(f"ops {done} rate {done / took:.1f} cpu_per_100k {cpu * 1e5 / done:.6f}"
          f" p50_us {took * 1e6:.1f} p99_us {took * 1e6:.1f} rss_peak_kb {peak_rss_kb()}", flush=True)
    cache.close()
    client.stop()
    client.close()


main()
