using System.Diagnostics;
using System.Management.Automation;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Exchanges the unified kernel image that nodes boot from, keeps the old one as a backup, and reboots and checks the
/// nodes if asked to. Everything is checked before anything is written.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "UkiSwap", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(UkiSwapResult))]
[OutputType(typeof(UkiSwapPlan))]
public sealed class InvokeUkiSwapCommand : EspCmdlet
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, UkiSwapSource> _sources = new(StringComparer.Ordinal);
    private string _last = "";

    /// <summary>Swaps one node at a time unless told otherwise.</summary>
    public InvokeUkiSwapCommand() => ThrottleLimit = 1;

    /// <summary>The file with the new image: a UKI (.efi), or an ISO or disk image that holds one.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Gates whose refusal is overridden.</summary>
    [Parameter(Mandatory = false)]
    public UkiSwapGate[] SkipGate { get; set; } = [];

    /// <summary>Reboots each node through its firmware after the swap.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Reboot { get; set; }

    /// <summary>With -Reboot: waits until the node runs and is ready again, and checks it, before the next one is swapped.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for one node; 30 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Timeout { get; set; } = new TalosWaitOptions().Timeout;

    /// <summary>Leaves duplicate entries of the same version in the boot menu.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter KeepDuplicates { get; set; }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (UkiSwapGates.RefuseToSkip(SkipGate) is { } refusal) throw refusal;
        await base.BeginAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        string path = _last = (await ResolvePathsAsync(Path, literal: true))[0];
        foreach (TsNodeReference reference in Node)
        {
            string key = reference.Node?.Address ?? reference.Text;
            if (_paths.TryGetValue(key, out string? other) && other != path)
                throw SwapErrors.UkiAmbiguous.New($"'{key}' was given two images: '{other}' and '{path}'.", key);
            _paths[key] = path;
        }

        await base.ProcessAsync(cancellationToken);
    }

    private protected override async Task PrepareAsync(IReadOnlyList<TsNode> nodes, CancellationToken cancellationToken)
    {
        // Each image is read and hashed once, however many nodes get it.
        foreach (string path in _paths.Values.Append(_last).Where(p => p.Length > 0).Distinct(StringComparer.Ordinal))
            _sources[path] = await UkiSwapSources.FromFileAsync(path, cancellationToken);
    }

    private protected override async Task NodeAsync(TalosNodeClient client, TsNode node, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        UkiSwapSource source = SourceOf(node);
        var options = new UkiSwapOptions { Skip = SkipGate.ToHashSet(), Reboot = Reboot, KeepDuplicates = KeepDuplicates };
        (EspSession session, SwapNodeFacts facts) = await OpenAsync(client, node, cancellationToken);
        UkiSwapResult result;
        await using (session)
        {
            UkiSwapPlan plan = await session.PlanAsync(facts, source, options, cancellationToken);
            if (!plan.Allowed)
            {
                foreach (TsException refusal in EspSession.Refusals(plan)) await WriteErrorAsync(refusal, node.Name);
                if (IsWhatIf) await WriteObjectAsync(plan);
                await session.CloseAsync(cancellationToken);
                return;
            }

            if (plan.Changes && !await ShouldProcessAsync(Describe(node), UkiSwapGates.Describe(plan, Reboot)))
            {
                if (IsWhatIf) await WriteObjectAsync(plan);
                await session.CloseAsync(cancellationToken);
                return;
            }

            result = await session.SwapAsync(plan, source, cancellationToken);
            await session.CloseAsync(cancellationToken);
        }

        Reporter.Progress(new ProgressStep("Swapping UKI", node.Name, "done", Completed: true));
        if (Reboot && (result.Changed || SwapAftercare.NeedsReboot(facts, source.Uki)))
            result = await RebootAsync(client, node, result, source.Uki, cancellationToken);
        await WriteObjectAsync(result with { Duration = clock.Elapsed });
    }

    private async Task<UkiSwapResult> RebootAsync(
        TalosNodeClient client, TsNode node, UkiSwapResult result, UkiInfo uki, CancellationToken cancellationToken)
    {
        if (!result.Changed && !await ShouldProcessAsync(Describe(node), "Reboot into the image that is there already"))
            return result;
        TalosBootMark before = await SwapAftercare.RebootAsync(client, cancellationToken);
        if (!Wait) return result with { BootIdBefore = before.BootId };
        var options = new TalosWaitOptions { Timeout = Timeout };
        return await SwapAftercare.WaitAsync(client, before, result, uki, options, Reporter, cancellationToken);
    }

    private UkiSwapSource SourceOf(TsNode node)
    {
        string?[] keys = [node.Address, node.Name, node.KubernetesName];
        string? path = keys.Select(k => k is not null && _paths.TryGetValue(k, out string? found) ? found : null).FirstOrDefault(p => p is not null);
        return _sources[path ?? _last];
    }
}
