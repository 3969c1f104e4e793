using System.Text;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Core.Validation;

/// <summary>Finds the ExtensionServiceConfig of tailscale in a machine config.</summary>
internal static class ServiceEnvironment
{
    /// <summary>Reads its environment; the keys in it become known to the redactor.</summary>
    /// <param name="config">The whole multi-document YAML.</param>
    /// <returns>The entries; null when there is no such document.</returns>
    /// <exception cref="YamlException">The text is not YAML, which no node accepts.</exception>
    public static IReadOnlyList<string>? Read(string config)
    {
        foreach (var document in Documents(config))
        {
            // Only this one is parsed: the machine config proper is large and of no interest here.
            if (!document.Contains("ExtensionServiceConfig", StringComparison.Ordinal))
                continue;
            var stream = new YamlStream();
            stream.Load(BoundedYaml.Of(document));
            foreach (var root in stream.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>())
                if (Text(root, "kind") == "ExtensionServiceConfig" && Text(root, "name") == "tailscale")
                    return Environment(root);
        }

        return null;
    }

    private static List<string> Environment(YamlMappingNode root)
    {
        var entries =
            root.Children.TryGetValue(new YamlScalarNode("environment"), out var node) && node is YamlSequenceNode list
                ? list.OfType<YamlScalarNode>().Select(entry => entry.Value ?? "").ToList()
                : [];
        foreach (var entry in entries)
            if (
                entry.StartsWith("TS_AUTH", StringComparison.Ordinal)
                && entry.Contains("KEY=", StringComparison.Ordinal)
            )
                Redactor.Register(entry[(entry.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        return entries;
    }

    private static string? Text(YamlMappingNode root, string key) =>
        root.Children.TryGetValue(new YamlScalarNode(key), out var node) ? (node as YamlScalarNode)?.Value : null;

    private static IEnumerable<string> Documents(string config)
    {
        var document = new StringBuilder();
        foreach (var line in config.Split('\n'))
        {
            if (line.TrimEnd() == "---")
            {
                yield return document.ToString();
                document.Clear();
                continue;
            }

            document.Append(line).Append('\n');
        }

        yield return document.ToString();
    }
}
