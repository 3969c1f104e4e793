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
            Tell("exchanging");
            await ExchangeAsync(held.Owner, finish.Token).ConfigureAwait(false);
            await VerifyOrRestoreAsync(held.Owner, finish.Token).ConfigureAwait(false);
            List<string> disabled = await DisableDuplicatesAsync(held.Owner, finish.Token).ConfigureAwait(false);
            await PruneAsync(held.Owner, Remaining(), finish.Token).ConfigureAwait(false);
            return new SwapOutcome(plan.Backup, disabled, _removed, _checks);
        }
    }

    private async Task StageAsync(string owner, CancellationToken cancellationToken)
    {
        if (source.PromotedName is not null) return;
        try
        {
            // Leftovers first: a broken one whose clusters were handed out again must not be deleted after they were.
            await PruneAsync(owner, plan.Removed.Where(EspNames.IsStaged), cancellationToken).ConfigureAwait(false);
            Tell("staging");
            await new SwapStaging(volume, owner, plan, source, reporter).RunAsync(cancellationToken).ConfigureAwait(false);
            Tell("verifying");
            await volume.VerifyAsync(plan.StagedName, plan.NewSha256, cancellationToken).ConfigureAwait(false);
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
        if (source.PromotedName is not null) return;
        using var deadline = new CancellationTokenSource(s_cleanUp);
        try
        {
            await volume.RemoveAsync(owner, plan.StagedName, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TsException or OperationCanceledException)
        {
            reporter.Warning(
                $"'{plan.StagedName}' stays on '{plan.Node}': {exception.Message} It is no boot entry; the next swap goes on from it or removes it.");
        }
    }

    private async Task ExchangeAsync(string owner, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await volume.ExchangeAsync(
                    owner, plan.StagedName, plan.NewSha256, plan.BootedEntry, plan.OldSha256, plan.Backup, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TsException exception)
            {
                // Whether it took place is what the hashes say, not whether an answer came.
                EspListing now = await ListAgainAsync(exception, cancellationToken).ConfigureAwait(false);
                string? target = now.Find(plan.BootedEntry)?.Sha256;
                if (target == plan.NewSha256)
                {
                    if (now.Find(plan.Backup)?.Sha256 == plan.OldSha256) return;
                    if (now.Find(plan.StagedName)?.Sha256 == plan.OldSha256)
                    {
                        await volume.RenameAsync(owner, plan.StagedName, plan.OldSha256, plan.Backup, cancellationToken).ConfigureAwait(false);
                        return;
                    }

                    throw NotRestored(exception);
                }

                if (target != plan.OldSha256) throw NotRestored(exception);
                if (attempt == 1 && volume.Shell.IsTransient(exception)) continue;
                await UnstageAsync(owner).ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task<EspListing> ListAgainAsync(TsException cause, CancellationToken cancellationToken)
    {
        try
        {
            return await volume.ListAsync(hash: true, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException)
        {
            throw NotRestored(cause);
        }
    }

    private async Task VerifyOrRestoreAsync(string owner, CancellationToken cancellationToken)
    {
        Tell("verifying");
        try
        {
            await volume.VerifyAsync(plan.BootedEntry, plan.NewSha256, cancellationToken).ConfigureAwait(false);
            _checks.Add(new("Boot entry", true, $"'{plan.BootedEntry}' has SHA-256 {plan.NewSha256} on the disk"));
            await volume.VerifyAsync(plan.Backup, plan.OldSha256, cancellationToken).ConfigureAwait(false);
            _checks.Add(new("Backup", true, $"'{plan.Backup}' has SHA-256 {plan.OldSha256} on the disk"));
        }
        catch (TsException exception) when (exception.Error == BootErrors.EspHashMismatch)
        {
            await RestoreAsync(owner, exception, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private async Task RestoreAsync(string owner, TsException cause, CancellationToken cancellationToken)
    {
        try
        {
            EspListing now = await volume.ListAsync(hash: true, cancellationToken).ConfigureAwait(false);
            string damaged = now.Find(plan.BootedEntry)?.Sha256 ?? "";
            await volume.ExchangeAsync(
                owner, plan.Backup, plan.OldSha256, plan.BootedEntry, damaged,
                EspNames.Staged(plan.BootedEntry, plan.NewSha256), cancellationToken).ConfigureAwait(false);
            reporter.Warning($"'{plan.BootedEntry}' on '{plan.Node}' did not verify; the old image is back in its place.");
        }
        catch (TsException)
        {
            throw NotRestored(cause);
        }
    }

    private async Task<List<string>> DisableDuplicatesAsync(string owner, CancellationToken cancellationToken)
    {
        var disabled = new List<string>();
        if (plan.DisabledEntries.Count == 0) return disabled;
        EspListing now = await volume.ListAsync(hash: true, cancellationToken).ConfigureAwait(false);
        foreach ((string name, string newName) in plan.DisabledEntries)
        {
            if (now.Find(name)?.Sha256 is not { } hash) continue;
            await volume.RenameAsync(owner, name, hash, newName, cancellationToken).ConfigureAwait(false);
            disabled.Add(name);
        }

        return disabled;
    }

    private IEnumerable<string> Remaining() => plan.Removed.Where(name => !EspNames.IsStaged(name));

    private async Task PruneAsync(string owner, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        foreach (string name in names)
        {
            await volume.RemoveAsync(owner, name, cancellationToken).ConfigureAwait(false);
            _removed.Add(name);
        }
    }

    private TsException NotRestored(TsException cause) => BootErrors.SwapNotRestored.New(
        $"The swap on '{plan.Node}' broke off after the exchange ({cause.ErrorId}): {cause.Message} "
        + RecoveryText.For(plan.BootedEntry, plan.Backup),
        plan.Node, cause);

    private void Tell(string status) => reporter.Progress(new ProgressStep("Swapping UKI", plan.Node, status));
}
