using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Yaml;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What the gates ask of a machine configuration.</summary>
/// <param name="ServiceConfig">Has the ExtensionServiceConfig <c>tailscale</c>.</param>
/// <param name="NodeSubnets">Has <c>machine.kubelet.nodeIP.validSubnets</c>.</param>
/// <param name="EtcdSubnets">Has <c>cluster.etcd.advertisedSubnets</c>.</param>
internal sealed record SwapConfigFacts(bool ServiceConfig, bool NodeSubnets, bool EtcdSubnets)
{
    private const string V1Alpha1 = "v1alpha1";

    /// <summary>Reads them.</summary>
    /// <exception cref="TsException">The text cannot be read as a configuration, although the node runs it.</exception>
    internal static SwapConfigFacts Read(string text)
    {
        ConfigTree tree = ConfigTree.Read(text, "machine configuration");
        YamlNode? main = tree.Documents.FirstOrDefault(d => d.Id.Kind.Length == 0).Document?.Root;
        return new SwapConfigFacts(
            tree.Find(new DocumentId(V1Alpha1, "ExtensionServiceConfig", "tailscale")) is not null,
            HasItems(main, "machine", "kubelet", "nodeIP", "validSubnets"),
            HasItems(main, "cluster", "etcd", "advertisedSubnets")
        );
    }

    private static bool HasItems(YamlNode? node, params ReadOnlySpan<string> path)
    {
        foreach (string key in path)
            node = node?.Get(key);
        return node is { Kind: YamlKind.Sequence, Entries.Count: > 0 };
    }
}
