using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>
/// Carries out a plan. Until the exchange the partition is as it was but for a staged file, which goes again when
/// something fails; from the exchange on nothing is cancelled, and a failed verification puts the old image back.
/// </summary>
internal sealed class SwapExecutor(EspVolume volume, UkiSwapPlan plan, UkiSwapSource source, IReporter reporter)
{
    private static readonly TimeSpan s_cleanUp = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_finish = TimeSpan.FromMinutes(5);

    private readonly List<UkiSwapCheck> _checks = [];
    private readonly List<string> _removed = [];

    internal async Task<SwapOutcome> RunAsync(CancellationToken cancellationToken)
    {
        EspLock held = await EspLock.AcquireAsync(volume, reporter, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            await StageAsync(held.Owner, cancellationToken).ConfigureAwait(false);

            // The point of no return: what is begun here is finished, in time of its own, whoever stops waiting.
            using var finish = new CancellationTokenSource(s_finish);
            var exchange = new SwapExchange(volume, held.Owner, plan, reporter);
            await ExchangeAsync(exchange, held.Owner, finish.Token).ConfigureAwait(false);
            await VerifyOrRestoreAsync(exchange, finish.Token).ConfigureAwait(false);
            List<string> disabled = await DisableDuplicatesAsync(exchange, held.Owner, finish.Token)
                .ConfigureAwait(false);
            await PruneAsync(exchange, held.Owner, finish.Token).ConfigureAwait(false);
            return new SwapOutcome(plan.Backup, disabled, _removed, _checks);
        }
    }

    private async Task StageAsync(string owner, CancellationToken cancellationToken)
    {
        if (source.PromotedName is not null)
            return;
        try
        {
            // Leftovers first: a broken one whose clusters were handed out again must not be deleted after they were.
            await RemoveLeftoversAsync(owner, cancellationToken).ConfigureAwait(false);
            Tell("staging");
            await new SwapStaging(volume, owner, plan, source, reporter)
                .RunAsync(cancellationToken)
                .ConfigureAwait(false);
            Tell("verifying");
            await volume.VerifyAsync(plan.StagedName, plan.NewSha256, cancellationToken).ConfigureAwait(false);
            reporter.Verbose(
                $"{plan.Node}: the chosen image is on the partition as '{plan.StagedName}' and was read back."
            );
            _checks.Add(new("Staged image", true, $"SHA-256 {plan.NewSha256} read back from the disk"));
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch
        {
            await UnstageAsync(owner).ConfigureAwait(false);
            throw;
        }
    }

    private async Task UnstageAsync(string owner)
    {
        // A promoted file was there before and stays.
        if (source.PromotedName is not null)
            return;
        using var deadline = new CancellationTokenSource(s_cleanUp);
        try
        {
            await volume.RemoveAsync(owner, plan.StagedName, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TsException or OperationCanceledException)
        {
            reporter.Warning(
                $"'{plan.StagedName}' stays on '{plan.Node}': {exception.Message} It is no boot entry; the next swap goes on from it or removes it."
            );
        }
    }

    private async Task ExchangeAsync(SwapExchange exchange, string owner, CancellationToken cancellationToken)
    {
        Tell("exchanging");
        TsException? untouched = await exchange
            .RunAsync(plan.StagedName, plan.NewSha256, plan.OldSha256, plan.Backup, cancellationToken)
            .ConfigureAwait(false);
        if (untouched is null)
        {
            reporter.Verbose(
                $"{plan.Node}: '{plan.BootedEntry}' is the chosen image now; what was there before is '{plan.Backup}'."
            );
            return;
        }

        // Where the program itself did not say that it ended, it may exchange yet: then that name holds the old image.
        if (untouched.Data.Contains("error"))
            await UnstageAsync(owner).ConfigureAwait(false);
        throw untouched;
    }

    private async Task VerifyOrRestoreAsync(SwapExchange exchange, CancellationToken cancellationToken)
    {
        Tell("verifying");
        try
        {
            await VerifyAsync(exchange, "Boot entry", plan.BootedEntry, plan.NewSha256, cancellationToken)
                .ConfigureAwait(false);
            await VerifyAsync(exchange, "Backup", plan.Backup, plan.OldSha256, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException exception) when (exception.Error == BootErrors.EspHashMismatch)
        {
            await RestoreAsync(exchange, exception, cancellationToken).ConfigureAwait(false);
            throw;
        }
        catch (TsException exception)
        {
            throw exchange.Unverified(
                $"the new image, which has taken the place of the old one under '{plan.BootedEntry}', could not be read back; the old one is '{plan.Backup}'",
                exception
            );
        }
    }

    private async Task VerifyAsync(
        SwapExchange exchange,
        string check,
        string name,
        string sha256,
        CancellationToken cancellationToken
    )
    {
        await exchange.AskAsync(ct => volume.VerifyAsync(name, sha256, ct), cancellationToken).ConfigureAwait(false);
        _checks.Add(new(check, true, $"'{name}' has SHA-256 {sha256} on the disk"));
    }

    private async Task RestoreAsync(SwapExchange exchange, TsException cause, CancellationToken cancellationToken)
    {
        try
        {
            EspListing now = await exchange
                .AskAsync(ct => volume.ListAsync(hash: true, ct), cancellationToken)
                .ConfigureAwait(false);
            string damaged = now.Find(plan.BootedEntry)?.Sha256 ?? "";
            TsException? untouched = await exchange
                .RunAsync(
                    plan.Backup,
                    plan.OldSha256,
                    damaged,
                    EspNames.Staged(plan.BootedEntry, plan.NewSha256),
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (untouched is not null)
                throw untouched;
            reporter.Warning(
                $"'{plan.BootedEntry}' on '{plan.Node}' did not verify; the old image is back in its place."
            );
        }
        catch (TsException)
        {
            throw exchange.NotRestored(cause);
        }
    }

    // The swap is done and verified by now: what cannot be tidied up is said and does not make it fail.
    private async Task<List<string>> DisableDuplicatesAsync(
        SwapExchange exchange,
        string owner,
        CancellationToken cancellationToken
    )
    {
        var disabled = new List<string>();
        foreach ((string name, string newName) in plan.DisabledEntries)
        {
            bool gone = await TidyAsync(
                    exchange,
                    $"'{name}' stays in the boot menu of '{plan.Node}'",
                    async ct =>
                    {
                        EspListing now = await volume.ListAsync(hash: true, ct).ConfigureAwait(false);
                        if (now.Find(name)?.Sha256 is { } hash)
                            await volume.RenameAsync(owner, name, hash, newName, ct).ConfigureAwait(false);
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (gone)
                disabled.Add(name);
        }

        return disabled;
    }

    private async Task PruneAsync(SwapExchange exchange, string owner, CancellationToken cancellationToken)
    {
        foreach (string name in plan.Removed.Where(n => !EspNames.IsStaged(n)))
        {
            bool gone = await TidyAsync(
                    exchange,
                    $"'{name}' stays on '{plan.Node}'",
                    ct => volume.RemoveAsync(owner, name, ct),
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (gone)
                _removed.Add(name);
        }
    }

    private async Task<bool> TidyAsync(
        SwapExchange exchange,
        string otherwise,
        Func<CancellationToken, Task> tidy,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await exchange
                .AskAsync(
                    async ct =>
                    {
                        await tidy(ct).ConfigureAwait(false);
                        return true;
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (TsException exception)
        {
            reporter.Warning($"{otherwise}: {exception.Message} The swap itself is done.");
            return false;
        }
    }

    private async Task RemoveLeftoversAsync(string owner, CancellationToken cancellationToken)
    {
        foreach (string name in plan.Removed.Where(EspNames.IsStaged))
        {
            await volume.RemoveAsync(owner, name, cancellationToken).ConfigureAwait(false);
            _removed.Add(name);
        }
    }

    private void Tell(string status) => reporter.Progress(new ProgressStep("Swapping UKI", plan.Node, status));
}
