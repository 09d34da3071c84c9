// The locks of Apache Curator in the workloads of locks; prints one measurement, as `kazoo_bench run` does.
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.retry.ExponentialBackoffRetry;

public final class LockBench {
    private static final int SESSIONS = 10; // where many contend
    private static final int READERS = 8; // of those in readers_writers; the others write
    private static final int PERMITS = 3;
    private static final double WARM_UP = 5; // seconds at least: the compiler has to see what is hot

    private static CuratorFramework connect(String address) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.builder()
                .connectString(address)
                .sessionTimeoutMs(30_000)
                .retryPolicy(new ExponentialBackoffRetry(100, 5))
                .build();
        client.start();
        client.blockUntilConnected();
        return client;
    }

    /** Acquires and releases. */
    private interface Cycle {
        void run() throws Exception;
    }

    private static Cycle cycle(InterProcessLock lock) {
        return () -> {
            lock.acquire();
            lock.release();
        };
    }

    private static Cycle cycle(InterProcessSemaphoreV2 semaphore) {
        return () -> semaphore.returnLease(semaphore.acquire());
    }

    /** What the contender of this number does. */
    private static Cycle contender(CuratorFramework client, String workload, String root, int number) {
        String path = root + "/locks/curator";
        switch (workload) {
            case "lock_shared":
                return cycle(new InterProcessReadWriteLock(client, path).readLock());
            case "readers_writers":
                InterProcessReadWriteLock lock = new InterProcessReadWriteLock(client, path);
                return cycle(number < READERS ? lock.readLock() : lock.writeLock());
            case "semaphore":
                return cycle(new InterProcessSemaphoreV2(client, root + "/semaphores/curator", PERMITS));
            default:
                return cycle(new InterProcessMutex(client, path));
        }
    }

    private static Callable<double[]> cycles(Cycle cycle, int count) {
        return () -> {
            double[] microseconds = new double[count];
            for (int i = 0; i < count; ++i) {
                long start = System.nanoTime();
                cycle.run();
                microseconds[i] = (System.nanoTime() - start) / 1e3;
            }
            return microseconds;
        };
    }

    /** `count` cycles, shared among these contenders, each on a thread of its own. Microseconds of each, sorted. */
    private static double[] run(List<Cycle> contenders, ExecutorService threads, long count) throws Exception {
        int each = (int) ((count + contenders.size() - 1) / contenders.size());
        List<double[]> parts = new ArrayList<>();
        if (contenders.size() == 1) {
            parts.add(cycles(contenders.get(0), each).call());
        } else {
            List<Future<double[]>> running = new ArrayList<>();
            for (Cycle one : contenders) running.add(threads.submit(cycles(one, each)));
            for (Future<double[]> one : running) parts.add(one.get());
        }
        return parts.stream().flatMapToDouble(Arrays::stream).sorted().toArray();
    }

    /** The rate of the last of growing numbers of cycles. */
    private static double warmUp(List<Cycle> contenders, ExecutorService threads) throws Exception {
        for (long count = 64;; count *= 2) {
            long start = System.nanoTime();
            run(contenders, threads, count);
            double took = (System.nanoTime() - start) / 1e9;
            if (took >= WARM_UP) return count / took;
        }
    }

    private static double cpuSeconds() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
    }

    private static long peakRssKb() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status")))
            if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("\\D", ""));
        return 0;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) options.put(arguments[i], arguments[i + 1]);
        String workload = options.get("--workload");
        int sessions = workload.equals("lock") || workload.equals("lock_shared") ? 1 : SESSIONS;
        List<CuratorFramework> clients = new ArrayList<>();
        List<Cycle> contenders = new ArrayList<>();
        for (int i = 0; i < sessions; ++i) {
            clients.add(connect(options.get("--address")));
            contenders.add(contender(clients.get(i), workload, options.get("--root"), i));
        }
        ExecutorService threads = Executors.newFixedThreadPool(sessions);
        double rate = warmUp(contenders, threads);
        long operations = Long.parseLong(options.get("--ops"));
        if (operations == 0) operations = (long) (rate * Double.parseDouble(options.get("--seconds")));
        double cpu = cpuSeconds();
        long start = System.nanoTime();
        double[] microseconds = run(contenders, threads, operations);
        double took = (System.nanoTime() - start) / 1e9;
        cpu = cpuSeconds() - cpu;
        int done = microseconds.length;
        System.out.printf(Locale.ROOT,
                "ops %d rate %.1f cpu_per_100k %.6f p50_us %.1f p99_us %.1f rss_peak_kb %d%n",
                done, done / took, cpu * 1e5 / done, microseconds[done / 2], microseconds[done * 99 / 100], peakRssKb());
        threads.shutdown();
        for (CuratorFramework client : clients) client.close();
    }
}
