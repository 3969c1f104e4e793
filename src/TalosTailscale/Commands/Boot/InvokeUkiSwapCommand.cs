using System.Management.Automation;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Exchanges the unified kernel image that nodes boot from, keeps the old one as a backup, and reboots and checks the
/// nodes if asked to. Everything is checked before anything is written.
/// </summary>
[Cmdlet(
    VerbsLifecycle.Invoke,
    "UkiSwap",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High
)]
[OutputType(typeof(UkiSwapResult))]
[OutputType(typeof(UkiSwapPlan))]
public sealed partial class InvokeUkiSwapCommand : UkiSwapCmdlet
{
    // Each image is read and hashed once, however many nodes get it.
    private readonly Dictionary<string, UkiSwapSource?> _sources = new(StringComparer.Ordinal);
    private IReadOnlyList<UkiExtension>? _extensions;
    private string? _path;

    // The image belongs to the node that it came with, by whatever name that was given.
    private protected override object? Input => _path;

    private protected override bool OneInputPerNode => true;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == PathSet)
        {
            _path = (await ResolvePathsAsync(Path, literal: true))[0];
            _sources.TryAdd(_path, null);
        }

        await base.ProcessAsync(cancellationToken);
    }

    private protected override async Task PrepareAsync(IReadOnlyList<TsNode> nodes, CancellationToken cancellationToken)
    {
        if (ParameterSetName == InstallerSet)
            _extensions = await InstallerExtensions.ReadAsync(InstallerImage, FactoryUri, Reporter, cancellationToken);
        foreach (string path in _sources.Keys.ToArray())
            _sources[path] = await UkiSwapSources.FromFileAsync(path, Reporter, cancellationToken);
    }

    private protected override Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    ) => Prune ? PruneAsync(client, node, cancellationToken) : base.WorkAsync(client, node, input, cancellationToken);

    private protected override NodeShellRequest ShellFor(SwapNodeFacts facts, NodeShellRequest request) =>
        ParameterSetName == InstallerSet
            ? request with
            {
                FromImage = InstallerImage,
                FromImageFile = InstallerExtensions.UkiPath(ArchitectureOf(facts)),
            }
            : request;

    private protected override UkiSwapOptions Options() =>
        new()
        {
            Skip = SkipGate.ToHashSet(),
            Reboot = Reboot,
            KeepDuplicates = KeepDuplicates,
        };

    private protected override Task<UkiSwapSource> SourceAsync(
        EspSession session,
        SwapNodeFacts facts,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    )
    {
        if (ParameterSetName == InstallerSet)
            return session.FromContainerAsync(
                HelperPodSpec.FromImagePath,
                InstallerImage,
                _extensions,
                cancellationToken
            );
        if (Promote)
            return session.FindSourceAsync(facts, backup: false, name: null, cancellationToken);
        return Task.FromResult(_sources[(string)input!]!);
    }

    // Where its UKI lies depends on it, and the gate Architecture would refuse anyway.
    private static TalosArchitecture ArchitectureOf(SwapNodeFacts facts) =>
        facts.Architecture.TryGet(out TalosArchitecture architecture)
            ? architecture
            : throw SwapErrors.GateUnknown.New($"{facts.Architecture.Loss} ('{facts.Node}').", facts.Node);

    private async Task PruneAsync(TalosNodeClient client, TsNode node, CancellationToken cancellationToken)
    {
        (EspSession session, SwapNodeFacts facts) = await OpenAsync(client, node, cancellationToken);
        await using (session)
        {
            IReadOnlyList<string> names = await session.PruneAsync(facts, dryRun: true, cancellationToken);
            if (names.Count > 0 && await ShouldProcessAsync(Describe(node), $"Remove {string.Join(", ", names)}"))
                await session.PruneAsync(facts, dryRun: false, cancellationToken);
            await session.CloseAsync(cancellationToken);
        }
    }
}
