using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Rollout;

/// <summary>A rollout on one cluster: plans it, and carries it out while nobody else can.</summary>
public sealed class RolloutSession
{
    private readonly RolloutSetup _setup;
    private readonly IReporter _reporter;
    private readonly RolloutImages _images;

    /// <summary>Prepares.</summary>
    /// <param name="setup">With what it works.</param>
    /// <param name="reporter">Told what happens.</param>
    public RolloutSession(RolloutSetup setup, IReporter reporter)
    {
        ArgumentNullException.ThrowIfNull(setup);
        ArgumentNullException.ThrowIfNull(reporter);
        _setup = setup;
        _reporter = reporter;
        _images = new RolloutImages(setup, reporter);
    }

    /// <summary>The folder of the journals where none is given.</summary>
    public static string DefaultStateFolder => RolloutJournal.DefaultFolder;

    private string Folder => _setup.StateFolder ?? DefaultStateFolder;

    /// <summary>Asks the nodes and plans. Changes nothing, and leaves nothing behind.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="options">How it shall go.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="TsException"><c>RolloutOptionInvalid</c>, <c>NothingToUndo</c>, or what the nodes' schematics say.</exception>
    public async Task<RolloutPlan> PlanAsync(
        IReadOnlyList<TsNode> nodes,
        RolloutOptions options,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyDictionary<string, RolloutMemory> memories = await RolloutJournal
            .ReadAsync(RolloutJournal.PathOf(Folder, ClusterId()), cancellationToken)
            .ConfigureAwait(false);
        RolloutMemory MemoryOf(string key) => memories.GetValueOrDefault(key, RolloutMemory.Empty);
        var reader = new RolloutFactsReader(_setup, _images, MemoryOf, options.GoBack, _reporter);
        IReadOnlyList<RolloutNodeFacts> facts = await reader.ReadAsync(nodes, cancellationToken).ConfigureAwait(false);
        return RolloutPlanner.Plan(_setup.Talos.Context.Name, facts, MemoryOf, options);
    }

    /// <summary>Carries a plan out. A stop leaves what runs under way; the next plan goes on from there.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The steps as they end.</returns>
    /// <exception cref="TsException"><c>LeaseHeld</c>, <c>LeaseLost</c>, <c>RolloutJournalBusy</c>.</exception>
    public async IAsyncEnumerable<RolloutStepEnd> RunAsync(
        RolloutPlan plan,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        RolloutLease? lease = _setup.Kubernetes is { } kubernetes
            ? await RolloutLease
                .AcquireAsync(
                    kubernetes,
                    await LeaseAsync(kubernetes, cancellationToken).ConfigureAwait(false),
                    _reporter,
                    null,
                    cancellationToken
                )
                .ConfigureAwait(false)
            : null;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken,
                lease?.Lost ?? CancellationToken.None
            );
            RolloutJournal journal = await RolloutJournal
                .OpenAsync(RolloutJournal.PathOf(Folder, ClusterId()), cancellationToken)
                .ConfigureAwait(false);
            await using (journal.ConfigureAwait(false))
            {
                if (journal.Unreadable > 0)
                    _reporter.Warning(
                        $"{journal.Unreadable} lines of '{journal.Path}' could not be read; the nodes themselves are asked anyway."
                    );
                _reporter.Verbose($"What is done is written down in '{journal.Path}'.");
                using var steps = new TalosNodeSteps(_setup, _images, lease?.Tenure, _reporter);
                IAsyncEnumerator<RolloutStepEnd> ends = new RolloutRunner(plan, steps, journal, TimeProvider.System)
                    .RunAsync(stop.Token)
                    .GetAsyncEnumerator(stop.Token);
                await using (ends.ConfigureAwait(false))
                {
                    for (int done = 1; await NextAsync(ends, lease, cancellationToken).ConfigureAwait(false); done++)
                    {
                        _reporter.Progress(
                            new ProgressStep("Rolling out", null, "ended", done, plan.View.Steps.Count, Unit: "steps")
                        );
                        yield return ends.Current;
                    }
                }
            }
        }
        finally
        {
            if (lease is not null)
                await lease.DisposeAsync().ConfigureAwait(false);
        }
    }

    // With one control plane nobody can renew while it restarts; the lease then has to last longer than that.
    private async Task<RolloutLeaseSpec> LeaseAsync(
        KubernetesConnection kubernetes,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<KubernetesNodeState> nodes = await KubernetesNodes
            .ListAsync(kubernetes, cancellationToken)
            .ConfigureAwait(false);
        return nodes.Count(node => node.ControlPlane) > 1
            ? _setup.Lease
            : _setup.Lease with
            {
                Duration = (_setup.ReturnTimeout + _setup.SettleTimeout) * 2,
            };
    }

    // A lost lease stops the work as Ctrl+C does, but is told.
    private static async Task<bool> NextAsync(
        IAsyncEnumerator<RolloutStepEnd> ends,
        RolloutLease? lease,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ends.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            lease?.ThrowIfLost();
            throw;
        }
    }

    // A cluster is its authority: contexts are renamed and addresses change.
    private string ClusterId()
    {
        var context = _setup.Talos.Context;
        return "cluster-"
            + Convert
                .ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(context.Ca ?? context.Name)))[..16]
                .ToLowerInvariant();
    }
}
