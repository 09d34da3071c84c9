// Apache Curator's CuratorCache in the workload `tree`; prints one measurement, as `kazoo_bench run` does.
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.retry.ExponentialBackoffRetry;

public final class TreeBench {
    private static final double WARM_UP = 5; // seconds at least: the compiler has to see what is hot

    /** Seconds until everything below the path was read; the cache is closed. Its size goes to `size`. */
    private static double load(CuratorFramework client, String path, int[] size) throws Exception {
        CountDownLatch loaded = new CountDownLatch(1);
        CuratorCache cache = CuratorCache.build(client, path);
        cache.listenable().addListener(CuratorCacheListener.builder().forInitialized(loaded::countDown).build());
        long start = System.nanoTime();
        cache.start();
        if (!loaded.await(600, TimeUnit.SECONDS)) throw new IllegalStateException("the tree was not loaded");
        double took = (System.nanoTime() - start) / 1e9;
        size[0] = cache.size();
        cache.close();
        return took;
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
        CuratorFramework client = CuratorFrameworkFactory.builder()
                .connectString(options.get("--address"))
                .sessionTimeoutMs(30_000)
                .retryPolicy(new ExponentialBackoffRetry(100, 5))
                .build();
        client.start();
        client.blockUntilConnected();
        String tree = options.get("--root") + "/tree";
        int[] size = new int[1];
        for (double warm = 0; warm < WARM_UP;) warm += load(client, tree, size);
        double cpu = cpuSeconds();
        double took = load(client, tree, size);
        cpu = cpuSeconds() - cpu;
        System.out.printf(Locale.ROOT,
                "ops %d rate %.1f cpu_per_100k %.6f p50_us %.1f p99_us %.1f rss_peak_kb %d%n",
                size[0], size[0] / took, cpu * 1e5 / size[0], took * 1e6, took * 1e6, peakRssKb());
        client.close();
    }
}
