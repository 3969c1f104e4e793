using System.Management.Automation;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>Names with wildcards in a <c>-Node</c> parameter, which mean nodes of the inventory.</summary>
internal static class NodeWildcards
{
    /// <summary>The references with each wildcard put as the nodes it matches; one that matches none stays, to be an error.</summary>
    /// <param name="references">What was given.</param>
    /// <param name="inventory">The inventory; null where there is none.</param>
    public static IEnumerable<TsNodeReference> Expand(
        IEnumerable<TsNodeReference> references,
        DeviceInventory? inventory
    ) =>
        references.SelectMany(reference =>
            Matches(reference, inventory) is { Length: > 0 } found ? found : [reference]
        );

    private static TsNodeReference[] Matches(TsNodeReference reference, DeviceInventory? inventory)
    {
        if (
            reference.Node is not null
            || inventory is null
            || !WildcardPattern.ContainsWildcardCharacters(reference.Text)
        )
            return [];
        var names = new Wildcards([reference.Text]);
        return [.. inventory.Nodes.Where(node => names.Match(node.Name)).Select(node => new TsNodeReference(node))];
    }
}
