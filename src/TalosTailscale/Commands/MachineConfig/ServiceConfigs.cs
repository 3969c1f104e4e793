using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>The rendered service configs that came along a pipeline, each for the node that it was made for.</summary>
internal sealed class ServiceConfigs
{
    private readonly List<TsExtensionServiceConfig> _given = [];

    /// <summary>Keeps one; a later one for the same node takes its place.</summary>
    public void Add(TsExtensionServiceConfig? config)
    {
        if (config is null)
            return;
        _given.RemoveAll(other => IsOf(config.Node, other));
        _given.Add(config);
    }

    /// <summary>The config of a node; null where none was given.</summary>
    public TsExtensionServiceConfig? Of(TsNode node) => _given.Find(config => IsOf(node, config));

    /// <summary>Refuses a config for a node that is not among those to work on: it would be left out in silence.</summary>
    /// <exception cref="TsException">InputUnused.</exception>
    public void RequireFor(IReadOnlyList<TsNode> nodes)
    {
        if (_given.Find(config => !nodes.Any(node => IsOf(node, config))) is { } unused)
            throw CommandErrors.InputUnused.New(
                $"The service config of '{unused.Node.Name}' was given, and the nodes are {string.Join(", ", nodes.Select(node => $"'{node.Name}'"))}.",
                unused.Node.Name
            );
    }

    private static bool IsOf(TsNode node, TsExtensionServiceConfig config) =>
        NodeAddress.Same(node.Address, config.Node.Address);
}
