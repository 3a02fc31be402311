import java.io.OutputStream;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.ingest.common.IngestCommonPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * One OpenSearch node on loopback for the tests: java -cp 'JARS/*' Node.java DIRECTORY. It writes its data and, in
 * logs/http.ports, its address into DIRECTORY, and ends when its standard input does.
 */
public class Node extends org.opensearch.node.Node {
    Node(Environment environment, List<Class<? extends Plugin>> plugins) {
        super(environment, plugins, false);
    }

    public static void main(String[] arguments) throws Exception {
        Settings settings = Settings.builder()
            .put("path.home", arguments[0])
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.max_content_length", "2mb")
            .put("http.port", "0")
            .put("transport.port", "0")
            .put("node.portsfile", true)
            .put("node.processors", 2)
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "test");
        Files.createDirectories(environment.logsFile());
        try (Node node = new Node(environment, List.of(Netty4Plugin.class, IngestCommonPlugin.class,
                PainlessPlugin.class))) {
            node.start();
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }
}
