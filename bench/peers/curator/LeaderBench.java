// LeaderSelector of Apache Curator, as leaders.hpp tells candidates to behave: LeaderBench ADDRESS PATH MILLISECONDS
import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.retry.ExponentialBackoffRetry;

public final class LeaderBench {
    public static void main(String[] words) throws Exception {
        CuratorFramework client = CuratorFrameworkFactory.builder()
                .connectString(words[0])
                .sessionTimeoutMs(Integer.parseInt(words[2]))
                .retryPolicy(new ExponentialBackoffRetry(100, 5))
                .build();
        client.start();
        client.blockUntilConnected();
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        LeaderSelector selector = new LeaderSelector(client, words[1], new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework unused) throws Exception {
                System.out.println("leads " + System.nanoTime());
                orders.readLine();
                System.out.println("resigns " + System.nanoTime());
            }
        });
        selector.autoRequeue();
        selector.start();
        Thread.sleep(Long.MAX_VALUE);
    }
}
