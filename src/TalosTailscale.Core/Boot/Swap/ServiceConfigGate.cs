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
    private const string WayOut =
        "To go on all the same: '-AllowMissingServiceConfig' of Update-TalosNode, '-SkipGate ServiceConfig' of Install-TsNode.";

    /// <summary>Looks at what an installer brings, and at the machine configuration if that is the extension.</summary>
    /// <param name="node">The node.</param>
    /// <param name="image">The installer image.</param>
    /// <param name="schematicExtensions">
    /// Tells the names of a schematic's extensions (<c>siderolabs/tailscale</c>), or null where it cannot.
    /// </param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <returns>When the configuration is there, or not needed.</returns>
    /// <exception cref="TsException"><see cref="SwapErrors.ServiceConfigMissing"/>, <see cref="SwapErrors.GateUnknown"/>.</exception>
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
        GateVerdict verdict = await SwapFactsReader
            .ServiceConfigAsync(node, reporter, cancellationToken)
            .ConfigureAwait(false);
        reporter.Verbose($"{node.Node}: ExtensionServiceConfig '{Tailscale}': {verdict.Evidence}.");
        if (verdict.Status == UkiSwapGateStatus.Passed)
            return;
        FactLoss? loss = needed is null
            ? new FactLoss("Whether the image needs it", $"no Image Factory told what the schematic '{id}' holds")
            : verdict.Loss;
        if (loss is not null)
        {
            throw SwapErrors.GateUnknown.New(
                $"'{image}' is not put on '{node.Node}', whose ExtensionServiceConfig '{Tailscale}' is {(verdict.Loss is null ? verdict.Evidence : "not known")}. {loss}.",
                node.Node,
                recommendedAction: $"{loss.Advice ?? SwapErrors.ServiceConfigMissing.RecommendedAction} {WayOut}"
            );
        }

        throw SwapErrors.ServiceConfigMissing.New(
            $"'{image}' brings the extension '{Tailscale}' to '{node.Node}', whose ExtensionServiceConfig '{Tailscale}' is {verdict.Evidence}: the service would keep the boot waiting for it.",
            node.Node,
            recommendedAction: $"{SwapErrors.ServiceConfigMissing.RecommendedAction} {WayOut}"
        );
    }

    /// <summary>
    /// By what is found of the document in the configuration in force, and in the one on disk that the next boot reads.
    /// </summary>
    internal static GateVerdict Judge(Fact<bool> active, Fact<bool> persistent) =>
        GateVerdict.By(active, inForce =>
            !inForce
                ? GateVerdict.Of(false, "not in the active configuration")
                : GateVerdict.By(persistent, onDisk =>
                    GateVerdict.Of(
                        onDisk,
                        onDisk
                            ? "there"
                            : "in the active configuration, but not in the one on disk that the next boot reads"
                    )
                )
        );

    // Its own schematic tells by what runs; of another one nothing is known.
    private static async Task<bool?> RunsItAsync(TalosNodeClient node, string id, CancellationToken cancellationToken)
    {
        IReadOnlyList<TalosExtension> running = await node.ExtensionsAsync(cancellationToken).ConfigureAwait(false);
        return running.Any(extension => extension.Name == "schematic" && extension.Version == id)
            ? running.Any(extension => extension.Name == Tailscale)
            : null;
    }
}
