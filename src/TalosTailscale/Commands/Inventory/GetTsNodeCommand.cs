using System.Management.Automation;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>
/// Gets the nodes of the inventory: the folders of <c>devices/</c> that have a node.yaml. With -Discover it proposes
/// such entries from a running cluster.
/// </summary>
[Cmdlet(VerbsCommon.Get, "TsNode", DefaultParameterSetName = InventorySet)]
[OutputType(typeof(TsNode), ParameterSetName = [InventorySet])]
[OutputType(typeof(TsNodeProposal), ParameterSetName = [DiscoverSet])]
public sealed partial class GetTsNodeCommand : TsCmdlet
{
    private const string InventorySet = "Inventory";
    private const string DiscoverSet = "Discover";
    private IReadOnlyList<TsNodeProposal> _discovered = [];
    private DeviceInventory? _inventory;

    /// <summary>Names, addresses or Kubernetes names; wildcards are understood in names. All nodes when not given.</summary>
    [Parameter(Mandatory = false, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NodeNameCompleter))]
    // A node calls it Name; in everything else that has a Name, this is that of a check, a service or an extension.
    [Alias("Name")]
    public string[] Node { get; set; } = ["*"];

    /// <summary>
    /// The devices folder; else the one that TALOSTAILSCALE_DEVICES names, else the nearest at or above the current location.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Inventory { get; set; }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (Discover)
        {
            await DiscoverAsync(cancellationToken);
            return;
        }

        _inventory = await OnPipelineAsync(() => SessionInventory.Load(SessionState, Inventory));
        Reporter.Verbose($"The inventory '{_inventory.Folder}' has {_inventory.Nodes.Count} nodes.");
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var name in Node)
        {
            if (Discover)
            {
                await WriteDiscoveredAsync(name);
                continue;
            }

            if (WildcardPattern.ContainsWildcardCharacters(name))
            {
                var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
                foreach (var node in _inventory!.Nodes.Where(node => pattern.IsMatch(node.Name)))
                    await WriteObjectAsync(node);
                continue;
            }

            try
            {
                await WriteObjectAsync(_inventory!.Find(name));
            }
            catch (TsException e) when (e.Error == InventoryErrors.NodeNotFound)
            {
                // One unknown name is one error; the others go on.
                await WriteErrorAsync(e);
            }
        }
    }
}
