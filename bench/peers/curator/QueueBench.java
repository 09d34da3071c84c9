// The queues of Apache Curator in the workloads of queues; prints one measurement, as `kazoo_bench run` does.
// --kind usual: DistributedQueue, whose producer does not wait; --kind simple: SimpleDistributedQueue.
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;

public final class QueueBench {
    private static final int CONSUMERS = 8; // where many take
    private static final int DATA = 100; // bytes
    private static final double WARM_UP = 5; // seconds at least: the compiler has to see what is hot

    /** The items of one run. */
    private static final class Items {
        final long[] started;
        final double[] microseconds;
        final CountDownLatch rest;

        Items(int count) {
            started = new long[count];
            microseconds = new double[count];
            rest = new CountDownLatch(count);
        }

        byte[] start(int number) {
            started[number] = System.nanoTime();
            return String.format("%-" + DATA + "d", number).getBytes(StandardCharsets.US_ASCII);
        }

        void finish(byte[] data) {
            int number = Integer.parseInt(new String(data, StandardCharsets.US_ASCII).trim());
            microseconds[number] = (System.nanoTime() - started[number]) / 1e3;
            rest.countDown();
        }
    }

    private interface Passer {
        void pass(Items items, int count) throws Exception;
    }

    private static volatile Items current;

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

    private static final QueueSerializer<byte[]> AS_IT_IS = new QueueSerializer<>() {
        @Override
        public byte[] serialize(byte[] item) {
            return item;
        }

        @Override
        public byte[] deserialize(byte[] bytes) {
            return bytes;
        }
    };

    private static final QueueConsumer<byte[]> CONSUMER = new QueueConsumer<>() {
        @Override
        public void consumeMessage(byte[] item) {
            current.finish(item);
        }

        @Override
        public void stateChanged(CuratorFramework client, ConnectionState state) {}
    };

    private static Passer usual(List<CuratorFramework> clients, String path) throws Exception {
        DistributedQueue<byte[]> producer =
                QueueBuilder.builder(clients.get(0), null, AS_IT_IS, path).buildQueue();
        producer.start();
        for (CuratorFramework client : clients.subList(1, clients.size()))
            QueueBuilder.builder(client, CONSUMER, AS_IT_IS, path).buildQueue().start();
        return (items, count) -> {
            for (int i = 0; i < count; ++i) producer.put(items.start(i));
        };
    }

    private static Passer simple(List<CuratorFramework> clients, String path) {
        SimpleDistributedQueue producer = new SimpleDistributedQueue(clients.get(0), path);
        for (CuratorFramework client : clients.subList(1, clients.size())) {
            SimpleDistributedQueue queue = new SimpleDistributedQueue(client, path);
            Thread thread = new Thread(() -> {
                try {
                    for (;;) {
                        byte[] item = queue.poll(1, TimeUnit.SECONDS);
                        if (item != null) current.finish(item);
                    }
                } catch (Exception e) {
                    System.err.println(e);
                    Runtime.getRuntime().halt(1);
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
        return (items, count) -> {
            for (int i = 0; i < count; ++i) producer.offer(items.start(i));
        };
    }

    /** Microseconds from put to get of each of `count` items, sorted. */
    private static double[] run(Passer passer, int count) throws Exception {
        Items items = new Items(count);
        current = items;
        passer.pass(items, count);
        items.rest.await();
        Arrays.sort(items.microseconds);
        return items.microseconds;
    }

    /** The rate of the last of growing numbers of items. */
    private static double warmUp(Passer passer) throws Exception {
        for (int count = 64;; count *= 2) {
            long start = System.nanoTime();
            run(passer, count);
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
        String kind = options.get("--kind");
        List<CuratorFramework> clients = new ArrayList<>();
        for (int i = 0; i < 1 + (options.get("--workload").equals("queue") ? 1 : CONSUMERS); ++i)
            clients.add(connect(options.get("--address")));
        String path = options.get("--root") + "/queues/curator-" + kind;
        Passer passer = kind.equals("usual") ? usual(clients, path) : simple(clients, path);
        double rate = warmUp(passer);
        int count = Integer.parseInt(options.get("--ops"));
        if (count == 0) count = (int) (rate * Double.parseDouble(options.get("--seconds")));
        double cpu = cpuSeconds();
        long start = System.nanoTime();
        double[] microseconds = run(passer, count);
        double took = (System.nanoTime() - start) / 1e9;
        cpu = cpuSeconds() - cpu;
        System.out.printf(Locale.ROOT,
                "ops %d rate %.1f cpu_per_100k %.6f p50_us %.1f p99_us %.1f rss_peak_kb %d%n",
                count, count / took, cpu * 1e5 / count, microseconds[count / 2], microseconds[count * 99 / 100], peakRssKb());
        System.exit(0); // queues of both kinds and their clients keep threads
    }
}
