"""The locks of Debian's python3-kazoo in the workloads of locks; prints one measurement, as `kazoo_bench run` does."""

import argparse
import math
import resource
import threading
import time

import kazoo.client
import kazoo.recipe.lock
import kazoo.retry

SESSIONS = 10  # where many contend
READERS = 8  # of those in readers_writers; the others write
PERMITS = 3
WARM_UP = 1.0  # seconds at least


def connect(address):
    client = kazoo.client.KazooClient(hosts=address, timeout=30)
    client.start()
    return client


class Reader(kazoo.recipe.lock.ReadLock):
    """Waits for the nearest writer ahead. Before kazoo 2.9 ReadLock waits for those behind it, too, and they for it."""

    def _get_predecessor(self, node):
        names = self.client.get_children(self.path)
        if node not in names:
            raise kazoo.retry.ForceRetryError()
        number = slice(-10, None)
        ahead = [name for name in names if self._contenders_re.search(name) and name[number] < node[number]]
        return max(ahead, key=lambda name: name[number], default=None)


def contender(client, workload, root, number):
    """The lock that the contender of this number acquires."""
    path = root + "/locks/python"
    if workload == "lock_shared":
        return client.ReadLock(path, "python")
    if workload == "readers_writers":
        return Reader(client, path, "python") if number < READERS else client.WriteLock(path, "python")
    if workload == "semaphore":
        return client.Semaphore(root + "/semaphores/python", "python", max_leases=PERMITS)
    return client.Lock(path, "python")


def cycle(lock):
    lock.acquire()
    lock.release()


def run(locks, count):
    """`count` cycles, shared among these locks, each on a thread of its own. Microseconds of each."""
    each = math.ceil(count / len(locks))
    microseconds, failures = [], []

    def work(lock):
        try:
            for _ in range(each):
                start = time.perf_counter()
                cycle(lock)
                microseconds.append((time.perf_counter() - start) * 1e6)
        except Exception as failure:  # told by the main thread
            failures.append(failure)

    if len(locks) == 1:
        work(locks[0])
    else:
        threads = [threading.Thread(target=work, args=(lock,)) for lock in locks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return sorted(microseconds)


def warm_up(locks):
    """The rate of the last of growing numbers of cycles."""
    count = 64
    while True:
        start = time.perf_counter()
        run(locks, count)
        took = time.perf_counter() - start
        if took >= WARM_UP:
            return count / took
        count *= 2


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
    sessions = 1 if options.workload in ("lock", "lock_shared") else SESSIONS
    clients = [connect(options.address) for _ in range(sessions)]
    locks = [contender(client, options.workload, options.root, number) for number, client in enumerate(clients)]
    rate = warm_up(locks)
    count = options.ops or int(rate * options.seconds)
    cpu, start = cpu_seconds(), time.perf_counter()
    microseconds = run(locks, count)
    took, cpu = time.perf_counter() - start, cpu_seconds() - cpu
    done = len(microseconds)
    print(f"ops {done} rate {done / took:.1f} cpu_per_100k {cpu * 1e5 / done:.6f}"
          f" p50_us {microseconds[done // 2]:.1f} p99_us {microseconds[done * 99 // 100]:.1f}"
          f" rss_peak_kb {peak_rss_kb()}", flush=True)
    for client in clients:
        client.stop()
        client.close()


main()
