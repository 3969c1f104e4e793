using System.Management.Automation;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <content>Proposals from a running cluster.</content>
public sealed partial class GetTsNodeCommand
{
    /// <summary>
    /// Asks the running cluster instead of the inventory, and proposes an entry for each of its nodes, with the text of
    /// the files. Export-TsNode writes them.
    /// </summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = DiscoverSet,
        HelpMessage = "$true asks the running cluster instead of the inventory."
    )]
    public SwitchParameter Discover { get; set; }

    // The connection's parameters are of both sets, so that default parameter values for them do no harm.

    /// <summary>With -Discover: the talosconfig file; else the one that TALOSCONFIG names, else ~/.talos/config.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? TalosConfig { get; set; }

    /// <summary>With -Discover: the context of the talosconfig; its current one when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TalosContextCompleter))]
    public string? Context { get; set; }

    /// <summary>With -Discover: the endpoints to dial instead of the context's: control plane nodes as host, host:port or https URL.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string[] Endpoint { get; set; } = [];

    /// <summary>With -Discover: how many nodes are asked at once.</summary>
    [Parameter(Mandatory = false)]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    private async Task DiscoverAsync(CancellationToken cancellationToken)
    {
        string? path = TalosConfig is null ? null : await ResolveNewPathAsync(TalosConfig);
        TalosConfigContext context = TalosConfigFile.Load(path).Context(Context);
        using TalosClient client = TalosClient.Connect(context, new TalosClientOptions { Endpoints = Endpoint });
        DeviceInventory? inventory = await OnPipelineAsync(() => SessionInventory.LoadIfAny(SessionState, Inventory));
        _discovered = await NodeDiscovery.RunAsync(
            client,
            inventory,
            ThrottleLimit,
            (e, node) => WriteErrorAsync(e, node),
            Reporter,
            cancellationToken
        );
    }

    private async Task WriteDiscoveredAsync(string name)
    {
        var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        TsNodeProposal[] found =
        [
            .. _discovered.Where(one => pattern.IsMatch(one.Name) || one.Address == name || one.KubernetesName == name),
        ];
        foreach (TsNodeProposal proposal in found)
            await WriteObjectAsync(proposal);
        if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
        {
            await WriteErrorAsync(
                InventoryErrors.NodeNotFound.New(
                    $"The cluster has no node '{name}'; it has {string.Join(", ", _discovered.Select(one => one.Name))}.",
                    name
                )
            );
        }
    }
}
