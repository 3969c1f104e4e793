using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Talos;

/// <summary>Refuses an installer image that would take extensions away from a node.</summary>
public static class UpgradeGate
{
    private const string Schematic = "schematic";
    private const string PublicFactory = "factory.talos.dev";

    /// <summary>Compares what the node runs with what the installer brings; advises an installer of the public Image Factory.</summary>
    /// <param name="node">The node.</param>
    /// <param name="image">The installer image.</param>
    /// <param name="schematicExtensions">
    /// Tells the names of a schematic's extensions (<c>siderolabs/tailscale</c>), or null where it cannot.
    /// </param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>When nothing would be lost.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.InstallerLosesExtension"/>.</exception>
    public static Task CheckAsync(
        TalosNodeClient node,
        string image,
        Func<string, CancellationToken, Task<IReadOnlyList<string>?>> schematicExtensions,
        IReporter reporter,
        CancellationToken cancellation = default
    ) => CheckAsync(node, image, schematicExtensions, reporter, null, cancellation);

    /// <summary>Compares what the node runs with what the installer brings.</summary>
    /// <param name="node">The node.</param>
    /// <param name="image">The installer image.</param>
    /// <param name="schematicExtensions">
    /// Tells the names of a schematic's extensions (<c>siderolabs/tailscale</c>), or null where it cannot.
    /// </param>
    /// <param name="reporter">Told what was found.</param>
    /// <param name="factory">The Image Factory whose installer is advised; null for the public one.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    /// <returns>When nothing would be lost.</returns>
    /// <exception cref="TsException"><see cref="TalosErrors.InstallerLosesExtension"/>.</exception>
    public static async Task CheckAsync(
        TalosNodeClient node,
        string image,
        Func<string, CancellationToken, Task<IReadOnlyList<string>?>> schematicExtensions,
        IReporter reporter,
        Uri? factory,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(schematicExtensions);
        ArgumentNullException.ThrowIfNull(reporter);
        InstallerReference installer = InstallerReference.Parse(image);
        foreach (KnownProblem problem in KnownProblem.Of(TalosTag.Parse(installer.Tag)))
            reporter.Warning($"{node.Node}: {problem}. {problem.Fix}");
        IReadOnlyList<TalosExtension> running = await node.ExtensionsAsync(cancellation).ConfigureAwait(false);
        string? current = running.FirstOrDefault(extension => extension.Name == Schematic)?.Version;
        string[] has = [.. running.Select(extension => extension.Name).Where(name => name != Schematic)];
        if (has.Length == 0 || (installer.SchematicId is not null && installer.SchematicId == current))
        {
            reporter.Verbose($"{node.Node}: '{image}' takes no extension away.");
            return;
        }

        IReadOnlyList<string>? brings = installer.SchematicId is null
            ? []
            : await schematicExtensions(installer.SchematicId, cancellation).ConfigureAwait(false);
        string[] lost = brings is null ? has : [.. has.Where(name => !brings.Any(other => Same(name, other)))];
        if (lost.Length == 0)
            return;
        string why =
            brings is null ? $"what its schematic '{installer.SchematicId}' brings is not known"
            : installer.SchematicId is null ? "it is not from an Image Factory and brings none"
            : "its schematic does not have it";
        throw TalosErrors.InstallerLosesExtension.New(
            $"'{node.Node}' runs the extension '{string.Join("', '", lost)}', which the installer '{image}' would take away: {why}.",
            node.Node,
            recommendedAction: await AdviceAsync(node, installer, current, Registry(factory), cancellation)
                .ConfigureAwait(false)
        );
    }

    // Extensions are listed as vendor/name in a schematic and by their own name on the node.
    private static bool Same(string running, string official) =>
        string.Equals(running, official[(official.LastIndexOf('/') + 1)..], StringComparison.OrdinalIgnoreCase);

    // A factory on this machine's loopback is no registry that a node could pull from.
    private static string Registry(Uri? factory) =>
        factory is null || factory.IsLoopback ? PublicFactory : factory.Authority;

    private static async Task<string> AdviceAsync(
        TalosNodeClient node,
        InstallerReference installer,
        string? current,
        string registry,
        CancellationToken cancellation
    )
    {
        TalosVersion version = await node.VersionAsync(cancellation).ConfigureAwait(false);
        if (current is null)
            return "Make a schematic with the node's extensions (New-TalosSchematic) and use its installer image.";
        string cmdline = await CommandLineAsync(node, cancellation).ConfigureAwait(false);
        TalosSecurityState security = await node.SecurityStateAsync(cancellation).ConfigureAwait(false);
        bool secure = installer.IsSecureBoot || RunningVariant.IsSigned(security, cmdline, version.Version) == true;
        string tag = installer.Tag.Length > 0 ? installer.Tag : version.Tag;
        string platform = string.IsNullOrEmpty(version.Platform) ? "metal" : version.Platform;
        return $"Use '{InstallerReference.Factory(registry, platform, secure, current, tag)}', which is the node's own schematic.";
    }

    private static async Task<string> CommandLineAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        try
        {
            return await node.KernelCommandLineAsync(cancellation).ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosRoleMissing)
        {
            return "";
        }
    }
}
