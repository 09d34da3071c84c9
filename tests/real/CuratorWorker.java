// The recipes of Apache Curator, beside kazoo_worker.py: CuratorWorker HOSTS FILE. Does what the lines of FILE.commands
// say, and appends to FILE what came of each.
//   count NUMBER PATH BY       adds to the SharedCount of PATH: "NUMBER BEFORE AFTER"
//   set NUMBER PATH            puts up the DistributedBarrier of PATH: "NUMBER done"
//   remove NUMBER PATH         takes it away: "NUMBER done"
//   wait NUMBER PATH           waits for its end: "NUMBER true"
//   enter NUMBER PATH MEMBERS  enters the DistributedDoubleBarrier of PATH: "NUMBER true"
//   leave NUMBER PATH          leaves it: "NUMBER true"
// Each is done in a thread of its own, as they wait for each other.
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.VersionedValue;
import org.apache.curator.retry.ExponentialBackoffRetry;

public final class CuratorWorker {
    private static String count(CuratorFramework client, String path, int by) throws Exception {
        try (SharedCount count = new SharedCount(client, path, 0)) {
            count.start();
            for (;;) {
                VersionedValue<Integer> before = count.getVersionedValue();
                int after = before.getValue() + by;
                if (count.trySetCount(before, after)) {
                    return before.getValue() + " " + after;
                }
            }
        }
    }

    private static final Map<String, DistributedDoubleBarrier> doubles = new ConcurrentHashMap<>();

    private static String answer(CuratorFramework client, String[] words) throws Exception {
        String path = words[2];
        switch (words[0]) {
            case "count":
                return count(client, path, Integer.parseInt(words[3]));
            case "set":
                new DistributedBarrier(client, path).setBarrier();
                return "done";
            case "remove":
                new DistributedBarrier(client, path).removeBarrier();
                return "done";
            case "wait":
                return "" + new DistributedBarrier(client, path).waitOnBarrier(60, TimeUnit.SECONDS);
            case "enter":
                doubles.computeIfAbsent(
                        path, p -> new DistributedDoubleBarrier(client, p, Integer.parseInt(words[3])));
                return "" + doubles.get(path).enter(60, TimeUnit.SECONDS);
            default:
                return "" + doubles.get(path).leave(60, TimeUnit.SECONDS);
        }
    }

    private static void work(CuratorFramework client, Path told, String[] words) {
        try {
            String line = words[1] + " " + answer(client, words) + "\n";
            synchronized (doubles) {
                Files.writeString(told, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
        } catch (Exception e) {
            e.printStackTrace();
        }
    }

    public static void main(String[] words) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.newClient(words[0], new ExponentialBackoffRetry(100, 5));
        client.start();
        client.blockUntilConnected();
        Path told = Path.of(words[1]);
        try (RandomAccessFile commands = new RandomAccessFile(words[1] + ".commands", "r")) {
            StringBuilder line = new StringBuilder();
            for (;;) {
                int c = commands.read();
                if (c < 0) {
                    Thread.sleep(5);
                } else if (c != '\n') {
                    line.append((char) c);
                } else {
                    String[] all = line.toString().split(" ");
                    line.setLength(0);
                    Thread thread = new Thread(() -> work(client, told, all));
                    thread.setDaemon(true);
                    thread.start();
                }
            }
        }
    }
}
