using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace TalosTailscale.Core.Rollout;

/// <summary>A step that has ended.</summary>
/// <param name="Step">What it was and what became of it.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
public sealed record RolloutStepEnd(TsRolloutStep Step, Exception? Error);

/// <summary>
/// Carries a plan out: asks the scheduler what is next, writes it down, has it done, tells the scheduler how it ended.
/// </summary>
internal sealed class RolloutRunner(RolloutPlan plan, INodeSteps steps, RolloutJournal journal, TimeProvider time)
{
    private readonly string _run = Guid.NewGuid().ToString("N")[..12];

    /// <summary>Runs until every node has come to an end.</summary>
    /// <param name="cancellationToken">Stops it: what runs is broken off, and remembered as under way.</param>
    /// <returns>The steps, as they end.</returns>
    internal async IAsyncEnumerable<RolloutStepEnd> RunAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var scheduler = new RolloutScheduler(
            [.. plan.Works.Select(work => work.Track)],
            plan.View.WaveWidths,
            plan.View.MaxFailures
        );
        var ended = Channel.CreateUnbounded<(int Index, RolloutStepEnd End)>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        int busy = 0;
        TrackState[] state = scheduler.Start();
        List<int> begun = [],
            over = [];
        scheduler.Next(state, begun, over);
        try
        {
            while (true)
            {
                foreach (int i in begun)
                {
                    busy++;
                    TsRolloutAction action = scheduler.ActionOf(state, i);
                    int index = i;
                    _ = Task.Run(
                        async () =>
                            ended.Writer.TryWrite(
                                (index, await StepAsync(plan.Works[index], action, stop.Token).ConfigureAwait(false))
                            ),
                        CancellationToken.None
                    );
                }

                foreach (int i in over)
                {
                    await CloseAsync(plan.Works[i], OutcomeOf(state[i].Phase), cancellationToken).ConfigureAwait(false);
                    if (state[i].Phase == TrackPhase.Left)
                        yield return Left(plan.Works[i]);
                }

                if (RolloutScheduler.IsOver(state))
                    yield break;
                (int at, RolloutStepEnd end) = await ended.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                busy--;
                yield return end;
                (begun, over) = ([], []);
                scheduler.Apply(state, at, end.Step.Status == TsRolloutStatus.Done);
                if (state[at].IsOver)
                    over.Add(at);
                scheduler.Next(state, begun, over);
            }
        }
        finally
        {
            // Nothing is left running behind the back of who reads this: each step ends soon once it is told to.
            await stop.CancelAsync().ConfigureAwait(false);
            for (; busy > 0; busy--)
                await ended.Reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>What the journal calls the end of a track.</summary>
    internal static RolloutOutcome OutcomeOf(TrackPhase phase) =>
        phase switch
        {
            TrackPhase.Done => RolloutOutcome.Done,
            TrackPhase.Failed => RolloutOutcome.Failed,
            TrackPhase.Left => RolloutOutcome.Left,
            _ => RolloutOutcome.None,
        };

    private async Task<RolloutStepEnd> StepAsync(
        RolloutWork work,
        TsRolloutAction action,
        CancellationToken cancellationToken
    )
    {
        long started = time.GetTimestamp();
        var step = new TsRolloutStep
        {
            Node = work.Node.Name,
            Wave = work.Track.Wave,
            Action = action,
            Description = RolloutWords.Description(work, action),
            Gate = RolloutWords.Gate(work, action),
        };
        try
        {
            await BeginAsync(work, action, cancellationToken).ConfigureAwait(false);
            Task AnnounceAsync(ImageExchange exchange) =>
                journal.WriteAsync(
                    Entry(work, RolloutEvent.Begun, action) with
                    {
                        Backup = exchange.Backup,
                        ImageSha256 = exchange.ImageSha256,
                        PreviousSha256 = exchange.PreviousSha256,
                    }
                );
            string evidence = await steps
                .RunAsync(work, action, AnnounceAsync, cancellationToken)
                .ConfigureAwait(false);
            if (action == TsRolloutAction.Activate)
                await journal.WriteAsync(Entry(work, RolloutEvent.Done, action)).ConfigureAwait(false);

            return new(
                step with
                {
                    Status = TsRolloutStatus.Done,
                    Evidence = evidence,
                    Duration = time.GetElapsedTime(started),
                },
                null
            );
        }
        catch (Exception e)
        {
            // Told by whoever reads the steps; the others go on, or not, by the rules.
            var error = e as TsException;
            if (e is not OperationCanceledException)
                await journal
                    .WriteAsync(
                        Entry(work, RolloutEvent.Failed, action) with
                        {
                            ErrorId = error?.ErrorId ?? e.GetType().Name,
                        }
                    )
                    .ConfigureAwait(false);
            return new(
                step with
                {
                    Status = TsRolloutStatus.Failed,
                    Evidence = e.Message,
                    ErrorId = error?.ErrorId,
                    Duration = time.GetElapsedTime(started),
                },
                e
            );
        }
    }

    private async Task BeginAsync(RolloutWork work, TsRolloutAction action, CancellationToken cancellationToken)
    {
        if (action is TsRolloutAction.Activate or TsRolloutAction.Restart)
            work.BootId ??= await steps.BootIdAsync(work, cancellationToken).ConfigureAwait(false);
        RolloutEntry entry = Entry(work, RolloutEvent.Begun, action);
        if (entry.IsVital)
            await journal.WriteAsync(entry).ConfigureAwait(false);
    }

    private async Task CloseAsync(RolloutWork work, RolloutOutcome outcome, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!journal.MemoryOf(work.Key).InFlight)
            return;
        await journal
            .WriteAsync(Entry(work, RolloutEvent.Over, TsRolloutAction.Check) with { Outcome = outcome })
            .ConfigureAwait(false);
    }

    private RolloutEntry Entry(RolloutWork work, RolloutEvent what, TsRolloutAction action) =>
        new()
        {
            Time = time.GetUtcNow(),
            Run = _run,
            Key = work.Key,
            Node = work.Node.Name,
            Address = work.Node.Address,
            Event = what,
            Action = action,
            Method = action == TsRolloutAction.Activate ? work.Method : TsRolloutMethod.None,
            IsControlPlane = work.Track.IsControlPlane,
            BootId = what == RolloutEvent.Begun ? work.BootId : null,
            SchematicId = action == TsRolloutAction.Activate ? work.Facts.WantedSchematicId : null,
            PreviousSchematicId = action == TsRolloutAction.Activate ? work.Facts.SchematicId : null,
            TalosVersion = action == TsRolloutAction.Activate ? work.Facts.TalosVersion : null,
        };

    private static RolloutStepEnd Left(RolloutWork work) =>
        new(
            new TsRolloutStep
            {
                Node = work.Node.Name,
                Wave = work.Track.Wave,
                Action = TsRolloutAction.Activate,
                Status = TsRolloutStatus.Skipped,
                Evidence = "the rollout stopped before the node's image was changed",
            },
            null
        );
}
