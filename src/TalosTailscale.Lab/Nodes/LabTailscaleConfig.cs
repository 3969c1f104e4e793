namespace TalosTailscale.Lab.Nodes;

/// <summary>What the machine config says to the tailscale extension.</summary>
internal static class LabTailscaleConfig
{
    /// <summary>The environment of the active <c>ExtensionServiceConfig</c> named tailscale; null without one. The last entry of a name wins, as in containerd.</summary>
    internal static IReadOnlyDictionary<string, string>? Of(LabNode node)
    {
        if (node.Config.Find("ExtensionServiceConfig", "tailscale") is not { } document)
            return null;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in document.Texts("environment"))
        {
            var at = entry.IndexOf('=', StringComparison.Ordinal);
            environment[at < 0 ? entry : entry[..at]] = at < 0 ? "" : entry[(at + 1)..];
        }

        return environment;
    }

    internal static bool Same(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        left is null || right is null
            ? left is null && right is null
            : left.Count == right.Count && left.All(p => right.TryGetValue(p.Key, out var value) && value == p.Value);
}
