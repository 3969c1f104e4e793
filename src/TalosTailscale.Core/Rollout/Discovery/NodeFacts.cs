using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>What a proposal is made of, as a running node tells it.</summary>
internal sealed record NodeFacts
{
    internal required TalosMember Member { get; init; }

    internal required string Address { get; init; }

    internal required TalosVersion Version { get; init; }

    internal bool? BootedWithUki { get; init; }

    internal string? KubernetesName { get; init; }

    internal string? NodeId { get; init; }

    internal string? EspDevice { get; init; }

    /// <summary>The version of the tailscale extension in the running image; null where it has none.</summary>
    internal string? Tailscale { get; init; }

    /// <summary>TS_HOSTNAME, where the node is configured for the tailnet.</summary>
    internal string? TailnetName { get; init; }

    /// <summary>The resolvers of the node, that of the tailnet left out.</summary>
    internal IReadOnlyList<string> Resolvers { get; init; } = [];

    /// <summary>Pod and service networks; none where the machine configuration may not be read.</summary>
    internal IReadOnlyList<string> Networks { get; init; } = [];

    internal static async Task<NodeFacts> ReadAsync(
        TalosNodeClient node,
        TalosMember member,
        string address,
        CancellationToken cancellation
    )
    {
        (string? tailnetName, IReadOnlyList<string> networks) = await ConfigAsync(node, cancellation)
            .ConfigureAwait(false);
        return new NodeFacts
        {
            Member = member,
            Address = address,
            Version = await node.VersionAsync(cancellation).ConfigureAwait(false),
            BootedWithUki = (await node.SecurityStateAsync(cancellation).ConfigureAwait(false)).BootedWithUki,
            KubernetesName = await node.NodenameAsync(cancellation).ConfigureAwait(false),
            NodeId = await node.NodeIdAsync(cancellation).ConfigureAwait(false),
            EspDevice = await EspAsync(node, cancellation).ConfigureAwait(false),
            Tailscale = (await node.ExtensionsAsync(cancellation).ConfigureAwait(false))
                .FirstOrDefault(one => one.Name == "tailscale")
                ?.Version,
            TailnetName = tailnetName,
            Resolvers =
            [
                .. (await node.DnsServersAsync(cancellation).ConfigureAwait(false)).Where(one =>
                    one != TailnetRange.Resolver
                ),
            ],
            Networks = networks,
        };
    }

    private static async Task<string?> EspAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        try
        {
            return await EspLocator.FindAsync(node, cancellation).ConfigureAwait(false);
        }
        catch (TsException e)
            when (e.Error == BootErrors.EspNotFound
                || e.Error == BootErrors.EspAmbiguous
                || e.Error == BootErrors.EspIsGrub
            )
        {
            // There is none to swap in; that is what a proposal says by leaving it out.
            return null;
        }
    }

    private static async Task<(string? TailnetName, IReadOnlyList<string> Networks)> ConfigAsync(
        TalosNodeClient node,
        CancellationToken cancellation
    )
    {
        string text;
        try
        {
            text = (await node.MachineConfigAsync(cancellation: cancellation).ConfigureAwait(false)).Text;
        }
        catch (TsException e)
            when (e.Error.Category is TsErrorCategory.PermissionDenied or TsErrorCategory.ObjectNotFound)
        {
            // A reader may not see it; names and routes are then for the user to fill in.
            return (null, []);
        }

        const string hostname = "TS_HOSTNAME=";
        string? name = ServiceEnvironment
            .Read(text)
            ?.LastOrDefault(one => one.StartsWith(hostname, StringComparison.Ordinal))
            ?[hostname.Length..];
        YamlPlaces? places = YamlPlaces.TryRead(text, "machine configuration");
        return (
            name,
            places is null
                ? []
                :
                [
                    .. places.Texts("cluster", "network", "serviceSubnets"),
                    .. places.Texts("cluster", "network", "podSubnets"),
                ]
        );
    }
}
