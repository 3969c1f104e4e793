using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Lab.Nodes;

/// <summary>One document of a machine config.</summary>
/// <param name="Kind">Its kind; empty for the legacy document (<c>version: v1alpha1</c>).</param>
/// <param name="Name">Its name; empty where the kind has none.</param>
/// <param name="Root">Its content.</param>
internal sealed record LabConfigDocument(string Kind, string Name, YamlMappingNode Root)
{
    internal bool IsLegacy => Kind.Length == 0;

    /// <summary>Finds a node by keys from the root; null when one is missing.</summary>
    internal YamlNode? At(params ReadOnlySpan<string> path)
    {
        YamlNode node = Root;
        foreach (var key in path)
        {
            if (node is not YamlMappingNode map || !map.Children.TryGetValue(new YamlScalarNode(key), out var child))
                return null;
            node = child;
        }

        return node;
    }

    internal string? Text(params ReadOnlySpan<string> path) => (At(path) as YamlScalarNode)?.Value;

    internal IReadOnlyList<string> Texts(params ReadOnlySpan<string> path) =>
        At(path) is YamlSequenceNode list ? [.. list.OfType<YamlScalarNode>().Select(s => s.Value ?? "")] : [];
}
