using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// Makes the checks of nodes, several nodes side by side, and gives the results in the order of nodes and checks.
/// </summary>
public static class NodeValidation
{
    private static readonly NodeCheck[] s_all =
    [
        MachineChecks.Api,
        MachineChecks.Certificate,
        MachineChecks.Version,
        MachineChecks.Stage,
        ServiceChecks.Extension,
        ServiceChecks.ServiceConfig,
        ServiceChecks.Service,
        ServiceChecks.Log,
        NetworkChecks.TailnetAddress,
        NetworkChecks.TailnetDevice,
        NetworkChecks.Resolver,
        NetworkChecks.NodeAddress,
        NetworkChecks.NodeName,
        CniChecks.Cni,
        BootChecks.BootVariant,
        BootChecks.Efivars,
        BootChecks.BootEntries,
        BootChecks.RunningUki,
        PullChecks.RegistryName,
        PullChecks.PrivatePull,
    ];

    /// <summary>The names of all checks, in their order.</summary>
    public static IReadOnlyList<string> CheckNames { get; } = [.. s_all.Select(check => check.Name)];

    /// <summary>The names of those that are made when none is named: what costs neither a pod nor a download.</summary>
    public static IReadOnlyList<string> DefaultCheckNames { get; } =
    [.. s_all.Where(check => !check.OnlyWhenAsked).Select(check => check.Name)];

    /// <summary>Names and purposes of all checks, for the help.</summary>
    public static IReadOnlyList<(string Name, string Purpose, bool OnlyWhenAsked)> Checks { get; } =
    [.. s_all.Select(check => (check.Name, check.Purpose, check.OnlyWhenAsked))];

    /// <summary>Validates nodes.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="client">The Talos client.</param>
    /// <param name="options">What to look at.</param>
    /// <param name="reporter">Hears how far it has come.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The results: all of the first node, then all of the second, whichever is done first.</returns>
    public static IAsyncEnumerable<TsCheck> RunAsync(
        IReadOnlyList<TsNode> nodes,
        TalosClient client,
        NodeValidationOptions options,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        var ends = ClientCertificate.Ends(client.Context);
        return RunAsync(
            nodes,
            node => new TalosNodeProbe(node, client, ends, options.ReadEsp, cancellationToken),
            options,
            reporter,
            cancellationToken
        );
    }

    internal static async IAsyncEnumerable<TsCheck> RunAsync(
        IReadOnlyList<TsNode> nodes,
        Func<TsNode, INodeProbe> connect,
        NodeValidationOptions options,
        IReporter reporter,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var chosen = s_all.Where(check => IsChosen(check, options)).ToArray();
        var tally = new Tally(nodes.Count, reporter);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var places = new SemaphoreSlim(options.ThrottleLimit);
        // The results of a node wait here until it is its turn; the count of nodes under way bounds them.
        var turns = Channel.CreateBounded<Task<IReadOnlyList<TsCheck>>>(Math.Max(1, options.ThrottleLimit) * 2);
        var feeding = Task.Run(
            async () =>
            {
                try
                {
                    foreach (var node in nodes)
                    {
                        await places.WaitAsync(stop.Token).ConfigureAwait(false);
                        var work = OneAsync(connect(node), chosen, options, tally, reporter, stop.Token);
                        _ = work.ContinueWith(
                            _ => places.Release(),
                            CancellationToken.None,
                            TaskContinuationOptions.ExecuteSynchronously,
                            TaskScheduler.Default
                        );
                        await turns.Writer.WriteAsync(work, stop.Token).ConfigureAwait(false);
                    }

                    turns.Writer.Complete();
                }
                catch (Exception e)
                {
                    turns.Writer.Complete(e);
                }
            },
            CancellationToken.None
        );
        try
        {
            await foreach (var work in turns.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            foreach (var check in await work.ConfigureAwait(false))
                yield return check;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await feeding.ConfigureAwait(false);
            while (turns.Reader.TryRead(out var left))
                await Task.WhenAny(left).ConfigureAwait(false);
            // Whoever still holds a place gives it back before the semaphore goes.
            for (var i = 0; i < options.ThrottleLimit; i++)
                await places.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static bool IsChosen(NodeCheck check, NodeValidationOptions options) =>
        !options.SkipChecks.Contains(check.Name, StringComparer.OrdinalIgnoreCase)
        && (
            options.Checks.Count == 0
                ? !check.OnlyWhenAsked
                : options.Checks.Contains(check.Name, StringComparer.OrdinalIgnoreCase)
        );

    private static async Task<IReadOnlyList<TsCheck>> OneAsync(
        INodeProbe probe,
        NodeCheck[] checks,
        NodeValidationOptions options,
        Tally tally,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        var results = new List<TsCheck>(checks.Length);
        var reachable = await ReachAsync(probe, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < checks.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            tally.Begin(probe.Node, checks[i]);
            results.Add(await MakeAsync(probe, checks[i], options, reachable).ConfigureAwait(false));
        }

        tally.End();
        var worst = results
            .Where(check => check.Status != TsCheckStatus.Skipped)
            .Select(check => check.Status)
            .DefaultIfEmpty(TsCheckStatus.Skipped)
            .Max();
        reporter.Verbose($"{probe.Node.Name}: {results.Count} checks, {worst}.");
        return results;
    }

    // Asked once: a node that is off would else cost a time-out for every check.
    private static async Task<bool> ReachAsync(INodeProbe probe, CancellationToken cancellationToken)
    {
        try
        {
            await probe.VersionAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TsException)
        {
            // The check 'Api' tells.
            return false;
        }
    }

    private static async Task<TsCheck> MakeAsync(
        INodeProbe probe,
        NodeCheck check,
        NodeValidationOptions options,
        bool reachable
    )
    {
        var started = Stopwatch.GetTimestamp();
        CheckResult result;
        if (!reachable && check != MachineChecks.Api && check != MachineChecks.Certificate)
        {
            result = CheckResult.Skip("the Talos API does not answer");
        }
        else
        {
            try
            {
                result = await check.RunAsync(probe, options).ConfigureAwait(false);
            }
            catch (TsException e) when (e.Error == TalosErrors.TalosRoleMissing)
            {
                result = CheckResult.Skip(e.Message);
            }
            catch (TsException e)
            {
                result = CheckResult.Fail(Causes.CheckFailed, $"{e.ErrorId}: {e.Message}", e.RecommendedAction);
            }
        }

        return new TsCheck
        {
            Node = probe.Node.Name,
            Name = check.Name,
            Status = result.Status,
            Evidence = Redactor.Mask(result.Evidence),
            Cause = result.Cause?.Code,
            Fix = result.Fix ?? result.Cause?.Fix,
            FailureMode = result.Cause?.FailureMode,
            NotApplicable = result.NotApplicable,
            Duration = Stopwatch.GetElapsedTime(started),
        };
    }

    /// <summary>Tells how many nodes are done; of a single one, which check is being made.</summary>
    private sealed class Tally(int nodes, IReporter reporter)
    {
        private int _done;

        public void Begin(TsNode node, NodeCheck check)
        {
            if (nodes == 1)
                reporter.Progress(new ProgressStep("Checking", node.Name, check.Name));
        }

        public void End()
        {
            if (nodes > 1)
                reporter.Progress(
                    new ProgressStep(
                        "Checking nodes",
                        null,
                        "checked",
                        Interlocked.Increment(ref _done),
                        nodes,
                        Unit: "nodes"
                    )
                );
        }
    }
}
