// The recipes of Apache Curator, beside kazoo_worker.py: CuratorWorker HOSTS FILE. Does what the lines of FILE.commands
// say, and appends to FILE what came of each.
//   count NUMBER PATH BY    adds to the SharedCount of PATH: "NUMBER BEFORE AFTER"
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
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
                    String end = count(client, all[2], Integer.parseInt(all[3]));
                    Files.writeString(told, all[1] + " " + end + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                }
            }
        }
    }
}
