import java.util.*;
import org.opensearch.common.settings.Settings;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.*;
import org.opensearch.plugins.Plugin;

/** args: port dataDir setting=value... OpenSearch with its security plugin: certificates in dataDir/config, users in dataDir/config/opensearch-security. */
public class OsSecureMain {
    static class N extends Node {
        N(Settings s, Collection<Class<? extends Plugin>> p) { super(InternalSettingsPreparer.prepareEnvironment(s, Map.of(), null, () -> "n1"), p, false); }
    }
    public static void main(String[] a) throws Exception {
        Settings.Builder s = Settings.builder()
            .put("cluster.name", "es-runner").put("node.name", "n1").put("path.home", a[1])
            .put("network.host", "127.0.0.1").put("http.port", a[0]).put("transport.port", "0")
            .put("discovery.type", "single-node").putList("node.roles", "cluster_manager", "data", "ingest")
            .put("indices.breaker.total.use_real_memory", false)
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("plugins.security.allow_default_init_securityindex", true)
            .putList("plugins.security.restapi.roles_enabled", "all_access")
            .put("plugins.security.unsupported.restapi.allow_securityconfig_modification", true)
            .put("plugins.security.audit.type", "noop").put("plugins.security.ssl.http.enabled", true);
        for (String layer : List.of("transport", "http")) {
            String key = "plugins.security.ssl." + layer + ".";
            s.put(key + "pemcert_filepath", "node.pem").put(key + "pemkey_filepath", "node.key").put(key + "pemtrustedcas_filepath", "ca.pem");
        }
        for (int i = 2; i < a.length; i++) s.put(a[i].substring(0, a[i].indexOf('=')), a[i].substring(a[i].indexOf('=') + 1));
        Node n = new N(s.build(), List.of(org.opensearch.security.OpenSearchSecurityPlugin.class, org.opensearch.transport.Netty4Plugin.class,
            org.opensearch.index.reindex.ReindexPlugin.class, org.opensearch.index.mapper.MapperExtrasPlugin.class,
            org.opensearch.painless.PainlessPlugin.class));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { n.close(); } catch (Exception e) { } }));
        n.start();
        int port = n.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress().getPort();
        System.out.println("READY https://127.0.0.1:" + port + " pid=" + ProcessHandle.current().pid());
        Thread.currentThread().join();
    }
}
