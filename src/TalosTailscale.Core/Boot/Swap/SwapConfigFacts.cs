using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What the gates ask of a machine configuration.</summary>
/// <param name="ServiceConfig">Has the ExtensionServiceConfig <c>tailscale</c>.</param>
/// <param name="NodeSubnets">Has <c>machine.kubelet.nodeIP.validSubnets</c>.</param>
/// <param name="EtcdSubnets">Has <c>cluster.etcd.advertisedSubnets</c>.</param>
internal sealed record SwapConfigFacts(bool ServiceConfig, bool NodeSubnets, bool EtcdSubnets)
{
    /// <summary>Reads them; null where the text is not YAML.</summary>
    internal static SwapConfigFacts? Read(string text)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException)
        {
            // A configuration that the node runs but that cannot be read here: the gates say "not checked".
            return null;
        }

        YamlNode[] roots = [.. yaml.Documents.Select(d => d.RootNode)];
        return new SwapConfigFacts(
            roots.Any(r => Text(r, "kind") == "ExtensionServiceConfig" && Text(r, "name") == "tailscale"),
            roots.Any(r => HasItems(r, "machine", "kubelet", "nodeIP", "validSubnets")),
            roots.Any(r => HasItems(r, "cluster", "etcd", "advertisedSubnets")));
    }

    private static string? Text(YamlNode root, string key) => (Child(root, key) as YamlScalarNode)?.Value;

    private static bool HasItems(YamlNode? node, params ReadOnlySpan<string> path)
    {
        foreach (string key in path) node = Child(node, key);
        return node is YamlSequenceNode { Children.Count: > 0 };
    }

    private static YamlNode? Child(YamlNode? node, string key) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? child) ? child : null;
}
