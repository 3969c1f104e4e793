using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>
/// Refuses an image with the tailscale extension for a node without its configuration: the service would keep the boot
/// waiting for it, and the node never be ready (siderolabs/talos#12764).
/// </summary>
public static class ServiceConfigGate
{
    private const string Tailscale = "tailscale";

    /// <summary>Looks at what an installer brings, and at the machine configuration if that is the extension.</summary>
    /// <param name="node">The node.</param>
    /// <param name="image">The installer image.</param>
    /// <param name="schematicExtensions">
    /// Tells the names of a schematic's extensions (<c>siderolabs/tailscale</c>), or null where it cannot.
    /// </param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>When the configuration is there, or not needed.</returns>
    /// <exception cref="TsException"><see cref="SwapErrors.ServiceConfigMissing"/>.</exception>
    public static async Task CheckAsync(
        TalosNodeClient node,
        string image,
        Func<string, CancellationToken, Task<IReadOnlyList<string>?>> schematicExtensions,
        IReporter reporter,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(schematicExtensions);
        ArgumentNullException.ThrowIfNull(reporter);
        if (InstallerReference.Parse(image).SchematicId is not { } id)
            return;
        IReadOnlyList<string>? brings = await schematicExtensions(id, cancellationToken).ConfigureAwait(false);
        bool? needed = brings?.Any(name => name[(name.LastIndexOf('/') + 1)..] == Tailscale)
            ?? await RunsItAsync(node, id, cancellationToken).ConfigureAwait(false);
        if (needed == false)
            return;
        (bool? holds, string evidence) = await SwapFactsReader
            .ServiceConfigAsync(node, reporter, cancellationToken)
            .ConfigureAwait(false);
        reporter.Verbose($"{node.Node}: ExtensionServiceConfig '{Tailscale}': {evidence}.");
        if (holds != false)
            return;
        if (needed is null)
        {
            reporter.Warning(
                $"{node.Node}: what the schematic '{id}' brings is not known. If it is tailscale, the boot will wait for its configuration, which is {evidence}."
            );
            return;
        }

        throw SwapErrors.ServiceConfigMissing.New(
            $"'{image}' brings the extension '{Tailscale}' to '{node.Node}', whose ExtensionServiceConfig '{Tailscale}' is {evidence}: the service would keep the boot waiting for it.",
            node.Node
        );
    }

    /// <summary>What is found of the document in the configuration in force and in the one on disk; null where not read.</summary>
    internal static (bool? Holds, string Evidence) Look(bool? active, bool? persistent)
    {
        if (active is null && persistent is null)
            return (null, "the configuration could not be read");
        if (active == false)
            return (false, "not in the active configuration");
        return persistent == false
            ? (false, "in the active configuration, but not in the one on disk that the next boot reads")
            : (true, "there");
    }

    // Its own schematic tells by what runs; of another one nothing is known.
    private static async Task<bool?> RunsItAsync(TalosNodeClient node, string id, CancellationToken cancellationToken)
    {
        IReadOnlyList<TalosExtension> running = await node.ExtensionsAsync(cancellationToken).ConfigureAwait(false);
        return running.Any(extension => extension.Name == "schematic" && extension.Version == id)
            ? running.Any(extension => extension.Name == Tailscale)
            : null;
    }
}
