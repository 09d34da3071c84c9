"""kazoo.recipe.queue.Queue of Debian's python3-kazoo in the workloads of queues; prints one measurement, as `kazoo_bench run` does."""

import argparse
import resource
import threading
import time

import kazoo.client
from kazoo.recipe.queue import Queue

CONSUMERS = 8  # where many take
DATA = 100  # bytes
WARM_UP = 1.0  # seconds at least
PAUSE = 0.0005  # seconds before a consumer asks an empty queue again: it has no get() that waits


def connect(address):
    client = kazoo.client.KazooClient(hosts=address, timeout=30)
    client.start()
    return client


def run(producer, consumers, count):
    """Passes `count` items through. Microseconds from put to get of each, sorted."""
    started, microseconds, failures = [0.0] * count, [], []

    def take(queue):
        try:
            while len(microseconds) < count and not failures:
                data = queue.get()
                if data is None:
                    time.sleep(PAUSE)
                else:
                    microseconds.append((time.perf_counter() - started[int(data)]) * 1e6)
        except Exception as failure:  # told by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=take, args=(queue,)) for queue in consumers]
    for thread in threads:
        thread.start()
    for number in range(count):
        started[number] = time.perf_counter()
        producer.put(str(number).ljust(DATA).encode())
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sorted(microseconds)


def warm_up(producer, consumers):
    """The rate of the last of growing numbers of items."""
    count = 64
    while True:
        start = time.perf_counter()
        run(producer, consumers, count)
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
    clients = [connect(options.address) for _ in range(1 + (1 if options.workload == "queue" else CONSUMERS))]
    producer, *consumers = [Queue(client, options.root + "/queues/python") for client in clients]
    rate = warm_up(producer, consumers)
    count = options.ops or int(rate * options.seconds)
    cpu, start = cpu_seconds(), time.perf_counter()
    microseconds = run(producer, consumers, count)
    took, cpu = time.perf_counter() - start, cpu_seconds() - cpu
    print(f"ops {count} rate {count / took:.1f} cpu_per_100k {cpu * 1e5 / count:.6f}"
          f" p50_us {microseconds[count // 2]:.1f} p99_us {microseconds[count * 99 // 100]:.1f}"
          f" rss_peak_kb {peak_rss_kb()}", flush=True)
    for client in clients:
        client.stop()
        client.close()


main()
