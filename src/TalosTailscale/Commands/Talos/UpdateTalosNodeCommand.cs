using System.Diagnostics;
using System.Management.Automation;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Upgrades nodes with an installer image, one after the other. The image decides which extensions a node has.</summary>
[Cmdlet(VerbsData.Update, "TalosNode", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(TalosUpgrade))]
public sealed class UpdateTalosNodeCommand : TalosCmdlet
{
    private ControlPlaneRestarts? _restarts;

    /// <summary>Upgrades nodes one at a time unless told otherwise.</summary>
    public UpdateTalosNodeCommand() => ThrottleLimit = 1;

    /// <summary>The installer image (<c>factory.talos.dev/metal-installer/…:v1.12.4</c>).</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The installer image with the version, for example factory.talos.dev/metal-installer/…:v1.12.4."
    )]
    [Alias("InstallerImage")]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <summary>Waits until each node is running and ready again before the next one is upgraded.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for one node; 30 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Timeout { get; set; } = new TalosWaitOptions().Timeout;

    /// <summary>Installs while the node restarts, before anything else runs; Talos before 1.18.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Stage { get; set; }

    /// <summary>The Image Factory that is asked what a schematic holds; factory.talos.dev when not given.</summary>
    [Parameter(Mandatory = false)]
    public Uri? FactoryUri { get; set; }

    /// <summary>Goes on although the image does not have an extension that the node runs.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter AllowExtensionLoss { get; set; }

    /// <summary>Goes on although the image has the tailscale extension and the node not its ExtensionServiceConfig.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter AllowMissingServiceConfig { get; set; }

    /// <summary>Goes on although etcd cannot do without the node, and with the only control plane without a question.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <summary>Goes on with the next node after one that failed.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter ContinueOnError { get; set; }

    private protected override bool StopsAtFailure => !ContinueOnError && !IsWhatIf;

    private protected override object? Input => Image;

    private protected override bool OneInputPerNode => true;

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _restarts = new ControlPlaneRestarts(new TalosWaitOptions { Timeout = Timeout }, EtcdQuorum.Force, Reporter);
        return base.BeginAsync(cancellationToken);
    }

    private protected override async Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        string image = (string)input!;
        TalosVersion version = await client.VersionAsync(cancellationToken);
        if (!AllowExtensionLoss)
        {
            await UpgradeGate.CheckAsync(
                client,
                image,
                SchematicExtensionsAsync,
                Reporter,
                ImageFactoryUri.Resolve(FactoryUri),
                cancellationToken
            );
        }

        if (!AllowMissingServiceConfig)
            await ServiceConfigGate.CheckAsync(client, image, SchematicExtensionsAsync, Reporter, cancellationToken);
        // Set after the question, which may have waited long.
        long started = 0;
        bool inPlace = false;
        string what = $"Upgrade from {version.Tag} with '{image}' and restart";
        TalosBootMark? before;
        try
        {
            before = await _restarts!.RestartAsync(
                client,
                Force,
                async etcd =>
                {
                    bool go =
                        await ShouldProcessAsync(Describe(node), what)
                        && await AgreesToRestartAsync(etcd, node.Name, Force);
                    if (!go)
                        return false;
                    started = Stopwatch.GetTimestamp();
                    Reporter.Verbose($"{node.Name}: runs {version.Tag}; telling it to install '{image}'.");
                    // What is to be staged goes the older way, which Talos has until 1.18.
                    inPlace = inPlace || !Stage && await client.TryInstallAsync(image, Reporter, cancellationToken);
                    return true;
                },
                () => RestartAsync(client, image, inPlace, cancellationToken),
                cancellationToken
            );
        }
        catch (TsException) when (inPlace)
        {
            Reporter.Warning($"{node.Name}: '{image}' is in place; the node boots it when it restarts the next time.");
            throw;
        }

        if (before is null)
            return;
        var result = new TalosUpgrade
        {
            Node = node.Name,
            Image = image,
            PreviousVersion = version.Tag,
            Duration = Stopwatch.GetElapsedTime(started),
        };
        if (!Wait)
        {
            await WriteObjectAsync(result);
            return;
        }

        (result, TsException? failure) = await WaitAsync(client, before, result, started, cancellationToken);
        await WriteObjectAsync(result);
        if (failure is not null)
            throw failure;
    }

    private async Task<TalosBootMark> RestartAsync(
        TalosNodeClient client,
        string image,
        bool inPlace,
        CancellationToken cancellationToken
    )
    {
        TalosBootMark before = await TalosBootMark.TakeAsync(client, cancellationToken);
        var options = new TalosUpgradeOptions { Stage = Stage, Force = Force };
        if (inPlace)
            await client.RebootAsync(TalosRebootMode.PowerCycle, cancellationToken);
        else
            await client.UpgradeAndRestartAsync(image, options, Reporter, cancellationToken);
        Reporter.Verbose(
            $"{client.Node}: {(inPlace ? "the image is in place; restart begun by power cycle" : "took the image and restarts by itself")}, boot id was {before.BootId ?? "not readable"}."
        );
        return before;
    }

    private async Task<(TalosUpgrade Result, TsException? Failure)> WaitAsync(
        TalosNodeClient client,
        TalosBootMark before,
        TalosUpgrade result,
        long started,
        CancellationToken cancellationToken
    )
    {
        var options = new TalosWaitOptions { Timeout = Timeout };
        await TalosNodeWait.ForReadyAsync(client, before, options, Reporter, cancellationToken);
        TalosVersion version = await client.VersionAsync(cancellationToken);
        IReadOnlyList<TalosExtension> extensions = await client.ExtensionsAsync(cancellationToken);
        result = result with
        {
            Version = version.Tag,
            Extensions = [.. extensions.Select(extension => extension.Name)],
            Duration = Stopwatch.GetElapsedTime(started),
        };
        return (result, UpgradeOutcome.FailureOf(result, extensions));
    }

    private async Task<IReadOnlyList<string>?> SchematicExtensionsAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            using var factory = new ImageFactoryClient(ImageFactoryUri.Resolve(FactoryUri), null, Reporter);
            return (await factory.GetSchematicAsync(id, cancellationToken)).Extensions;
        }
        catch (TsException e)
        {
            // Not known is not the same as none: the gate then refuses what would be lost if it were none.
            Reporter.Verbose($"The Image Factory cannot tell what the schematic '{id}' holds: {e.Message}");
            return null;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _restarts?.Dispose();
        base.Dispose(disposing);
    }
}
