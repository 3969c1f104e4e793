using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.MachineConfig.Validation;
using TalosTailscale.Core.Tailnet;
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

    /// <summary>The installer image of what the node runs; null where its image names no schematic.</summary>
    internal string? Installer { get; init; }

    internal static async Task<NodeFacts> ReadAsync(
        TalosNodeClient node,
        TalosMember member,
        string address,
        CancellationToken cancellation
    )
    {
        (string? tailnetName, IReadOnlyList<string> networks, string? image) = await ConfigAsync(node, cancellation)
            .ConfigureAwait(false);
        TalosVersion version = await node.VersionAsync(cancellation).ConfigureAwait(false);
        TalosSecurityState security = await node.SecurityStateAsync(cancellation).ConfigureAwait(false);
        IReadOnlyList<TalosExtension> extensions = await node.ExtensionsAsync(cancellation).ConfigureAwait(false);
        return new NodeFacts
        {
            Member = member,
            Address = address,
            Version = version,
            BootedWithUki = security.BootedWithUki,
            KubernetesName = await node.NodenameAsync(cancellation).ConfigureAwait(false),
            NodeId = await node.NodeIdAsync(cancellation).ConfigureAwait(false),
            EspDevice = await EspAsync(node, cancellation).ConfigureAwait(false),
            Tailscale = extensions.FirstOrDefault(one => one.Name == "tailscale")?.Version,
            Installer = extensions.FirstOrDefault(one => one.Name == "schematic")?.Version is { Length: > 0 } schematic
                ? InstallerOf(image, schematic, version, security.SecureBoot)
                : null,
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

    // The factory and the kind of image stay those that the configuration names.
    private static string InstallerOf(string? image, string schematic, TalosVersion version, bool secureBoot)
    {
        InstallerReference? configured = image is null ? null : InstallerReference.Parse(image);
        string platform = string.IsNullOrEmpty(version.Platform) ? "metal" : version.Platform;
        return configured?.SchematicId is { } old
            ? $"{configured.Repository[..^old.Length]}{schematic}:{version.Tag}"
            : InstallerReference.Factory("factory.talos.dev", platform, secureBoot, schematic, version.Tag);
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

    private static async Task<(string? TailnetName, IReadOnlyList<string> Networks, string? Image)> ConfigAsync(
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
            return (null, [], null);
        }

        const string hostname = "TS_HOSTNAME=";
        string? name = ServiceEnvironment
            .Read(text)
            ?.LastOrDefault(one => one.StartsWith(hostname, StringComparison.Ordinal))
            ?[hostname.Length..];
        return ConfigView.TryRead(text) is { } config
            ? (
                name,
                [
                    .. ConfigForms.Texts(config, ConfigForms.ServiceSubnets),
                    .. ConfigForms.Texts(config, ConfigForms.PodSubnets),
                ],
                ConfigForms.Value(config, ConfigForms.InstallImage)?.Value
            )
            : (name, [], null);
    }
}
