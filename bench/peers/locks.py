"""Debian's python3-kazoo in the workloads `lock` and `handoff`; prints one measurement, as `kazoo_bench run` does."""

import argparse
import math
import resource
import threading
import time

import kazoo.client

SESSIONS = 10  # of handoff
WARM_UP = 1.0  # seconds at least


def connect(address):
    client = kazoo.client.KazooClient(hosts=address, timeout=30)
    client.start()
    return client


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
    clients = [connect(options.address) for _ in range(SESSIONS if options.workload == "handoff" else 1)]
    locks = [client.Lock(options.root + "/locks/python", "python") for client in clients]
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
