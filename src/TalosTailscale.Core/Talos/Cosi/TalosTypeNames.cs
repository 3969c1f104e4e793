namespace TalosTailscale.Core.Talos;

/// <summary>Finds the resource type that a user means.</summary>
public static class TalosTypeNames
{
    private static readonly TalosType s_definitions = TalosTypes.ResourceDefinition;

    /// <summary>The full names that this module knows by itself, sorted.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [.. TalosTypes.Known.Select(known => known.Type.Type).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Finds a type by its full name, by the part before the first dot, or by one of the aliases that the node knows; in any case.
    /// </summary>
    /// <param name="node">The node, asked where this module does not know the type by itself.</param>
    /// <param name="name">What the user typed.</param>
    /// <param name="ns">The namespace that the user gave; null for the type's own.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>The type, and whether it holds secrets.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.TalosResourceTypeUnknown"/>.</exception>
    public static async Task<(TalosType Type, bool Sensitive)> FindAsync(
        TalosNodeClient node,
        string name,
        string? ns,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(name);
        foreach ((string singular, TalosType known) in TalosTypes.Known)
        {
            if (Same(singular, name) || Same(known.Type, name) || Same(Short(known.Type), name))
                return (Placed(known.Namespace, known.Type, ns), known == TalosTypes.MachineConfig || IsKey(known));
        }

        await foreach (
            TalosResource resource in node.ListResourcesAsync(s_definitions, cancellation).ConfigureAwait(false)
        )
        {
            var spec = new SpecReader(resource.Spec);
            string type = spec.Text("type");
            if (
                !Same(resource.Id, name)
                && !Same(type, name)
                && !Same(Short(type), name)
                && !spec.Texts("aliases").Concat(spec.Texts("allAliases")).Any(alias => Same(alias, name))
            )
                continue;
            return (Placed(spec.Text("defaultNamespace"), type, ns), spec.Text("sensitivity").Length > 0);
        }

        // A node that lists no definitions still answers for the full name and namespace.
        if (ns is not null && name.Contains('.', StringComparison.Ordinal))
            return (new TalosType(ns, name), false);
        throw TalosErrors.TalosResourceTypeUnknown.New($"'{node.Node}' has no resource type '{name}'.", name);
    }

    // Talos does not call it sensitive, but TS_AUTHKEY is in it.
    private static bool IsKey(TalosType type) => type == TalosTypes.ExtensionServiceConfig;

    private static TalosType Placed(string own, string type, string? ns) => new(ns ?? own, type);

    private static string Short(string type) => type.Split('.', 2)[0];

    private static bool Same(string left, string right) =>
        string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
