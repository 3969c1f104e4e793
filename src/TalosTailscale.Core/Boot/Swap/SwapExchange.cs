using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>
/// Lets a file of the partition take the place of the booted entry, and finds out what became of that: a broken connection
/// or a lost pod says nothing of the disk, the hashes there do.
/// </summary>
internal sealed class SwapExchange(EspVolume volume, string owner, UkiSwapPlan plan, IReporter reporter)
{
    private const int Attempts = 8;
    private const int AttemptsOtherwise = 3;
    private static readonly TimeSpan s_answer = TimeSpan.FromMinutes(2);

    private enum State
    {
        /// <summary>Everything is as it was.</summary>
        Before,

        /// <summary>The two have changed places, and the old one has its name of before still to lose.</summary>
        Half,

        Done,

        /// <summary>Neither the one nor the other.</summary>
        Damaged,
    }

    /// <summary>Exchanges.</summary>
    /// <param name="incoming">The file that takes the entry's name.</param>
    /// <param name="incomingHash">What it holds.</param>
    /// <param name="outgoingHash">What the entry holds.</param>
    /// <param name="kept">The name by which that is kept.</param>
    /// <param name="cancellationToken">The time that there is.</param>
    /// <returns>Null when it is done; the reason when nothing was changed.</returns>
    /// <exception cref="TsException"><c>SwapUnverified</c>, <c>SwapNotRestored</c>.</exception>
    internal async Task<TsException?> RunAsync(
        string incoming,
        string incomingHash,
        string outgoingHash,
        string kept,
        CancellationToken cancellationToken
    )
    {
        Task<ProgramResult> Exchange(CancellationToken ct) =>
            volume.ExchangeAsync(owner, incoming, incomingHash, plan.BootedEntry, outgoingHash, kept, ct);
        Task<ProgramResult> Rename(CancellationToken ct) => volume.RenameAsync(owner, incoming, outgoingHash, kept, ct);

        Func<CancellationToken, Task<ProgramResult>> step = Exchange;
        for (int attempt = 1; ; attempt++)
        {
            TsException failure;
            try
            {
                await AnswerAsync(step, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (TsException exception)
            {
                failure = exception;
            }

            reporter.Verbose($"{plan.Node}: {failure.ErrorId} at the exchange; looking at what the partition holds.");
            (EspListing now, bool again) = await LookAsync(failure, cancellationToken).ConfigureAwait(false);
            switch (StateOf(now, incoming, incomingHash, outgoingHash, kept))
            {
                case State.Done:
                    return null;
                case State.Half when attempt < Attempts:
                    step = Rename;
                    break;
                case State.Before when again && attempt < Attempts:
                    step = Exchange;
                    break;
                case State.Before:
                    return failure;
                default:
                    throw NotRestored(failure, now);
            }
        }
    }

    /// <summary>
    /// Asks until there is an answer or the time is over: after a broken connection by a new one, after the loss of the
    /// shell by a new shell. The answer to a question about hashes is final.
    /// </summary>
    internal async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            TsException failure;
            try
            {
                return await AnswerAsync(ask, cancellationToken).ConfigureAwait(false);
            }
            catch (TsException exception)
                when (attempt < Attempts
                    && exception.Error != BootErrors.EspHashMismatch
                    && !cancellationToken.IsCancellationRequested
                )
            {
                failure = exception;
            }

            if (!await RecoverAsync(failure, cancellationToken).ConfigureAwait(false) && attempt >= AttemptsOtherwise)
                throw failure;
            reporter.Verbose($"{plan.Node}: no answer ({failure.ErrorId}); attempt {attempt + 1} of {Attempts}.");
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(125 << attempt, 8000)), CancellationToken.None)
                .ConfigureAwait(false);
        }
    }

    /// <summary>What is said when it is not known how the partition looks.</summary>
    internal TsException Unverified(string what, TsException cause) =>
        BootErrors.SwapUnverified.New(
            $"The way to '{plan.Node}' was lost ({cause.ErrorId}), so that {what}. {cause.Message}",
            plan.Node,
            cause
        );

    /// <summary>What is said when the partition is neither as it was nor as it should be.</summary>
    internal TsException NotRestored(TsException cause, EspListing? now = null)
    {
        string old = now?.Files.FirstOrDefault(f => f.IsInLinux && f.Sha256 == plan.OldSha256)?.Name ?? plan.Backup;
        return BootErrors.SwapNotRestored.New(
            $"The swap on '{plan.Node}' broke off after the exchange ({cause.ErrorId}): {cause.Message} {RecoveryText.For(plan.BootedEntry, old)}",
            plan.Node,
            cause
        );
    }

    private async Task<(EspListing Now, bool Again)> LookAsync(TsException failure, CancellationToken cancellationToken)
    {
        bool again = await RecoverAsync(failure, cancellationToken).ConfigureAwait(false);
        try
        {
            return (
                await AskAsync(ct => volume.ListAsync(hash: true, ct), cancellationToken).ConfigureAwait(false),
                again
            );
        }
        catch (TsException)
        {
            throw Unverified(
                $"it is not known whether the exchange took place: '{plan.BootedEntry}' holds SHA-256 {plan.OldSha256} (the old image) "
                    + $"or {plan.NewSha256} (the new one), either of them whole",
                failure
            );
        }
    }

    // A new shell may not be had at once, for the same reason for which the old one went.
    private async Task<bool> RecoverAsync(TsException failure, CancellationToken cancellationToken)
    {
        try
        {
            return await volume.RecoverAsync(failure, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TsException or OperationCanceledException)
        {
            reporter.Verbose($"{plan.Node}: no other shell yet: {exception.Message}");
            return false;
        }
    }

    // A connection may die without a word. Nobody but the clock cancels here, so that this is a failure like the others.
    private async Task<T> AnswerAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_answer);
        try
        {
            return await call(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            throw BootErrors.NodeShellFailed.New(
                $"The node shell on '{plan.Node}' did not answer in time.",
                plan.Node,
                exception
            );
        }
    }

    private State StateOf(EspListing now, string incoming, string incomingHash, string outgoingHash, string kept)
    {
        string? entry = now.Find(plan.BootedEntry)?.Sha256;
        if (entry == outgoingHash)
            return State.Before;
        if (entry != incomingHash)
            return State.Damaged;
        if (now.Find(kept)?.Sha256 == outgoingHash)
            return State.Done;
        return now.Find(incoming)?.Sha256 == outgoingHash ? State.Half : State.Damaged;
    }
}
