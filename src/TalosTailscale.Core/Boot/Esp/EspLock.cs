using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>
/// The lock file on a node's EFI system partition: of two swaps at once, the second is refused. Released when disposed;
/// what a killed run leaves is taken over when nothing can be behind it any more. Nothing is written without it, and it is
/// not taken on another machine than the one that Talos answers for.
/// </summary>
internal sealed class EspLock : IAsyncDisposable
{
    private static readonly TimeSpan s_cleanUp = TimeSpan.FromSeconds(15);

    private readonly EspVolume _volume;
    private readonly IReporter _reporter;

    private EspLock(EspVolume volume, string owner, IReporter reporter)
    {
        _volume = volume;
        Owner = owner;
        _reporter = reporter;
    }

    /// <summary>What the program asks for before it changes anything.</summary>
    internal string Owner { get; }

    internal static async Task<EspLock> AcquireAsync(
        EspVolume volume,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        await volume.Shell.RequireMachineAsync(forWriting: true, cancellationToken).ConfigureAwait(false);
        var held = new EspLock(volume, Guid.NewGuid().ToString("N"), reporter);
        try
        {
            await held.TakeAsync(cancellationToken).ConfigureAwait(false);
            return held;
        }
        catch
        {
            // The answer may have been lost after the file was made.
            await held.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(s_cleanUp);
        try
        {
            await _volume.UnlockAsync(Owner, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TsException or OperationCanceledException)
        {
            _reporter.Warning(
                $"The lock on '{_volume.Device}' of '{_volume.Node}' could not be removed: {exception.Message} "
                    + "The next run takes it over once the node shell of this one is gone."
            );
        }
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _volume.LockAsync(Owner, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException exception)
            when (exception.Error == BootErrors.EspLocked
                && exception.Data["holder"] is string holder
                && exception.Data["owner"] is string owner
            )
        {
            if (!await _volume.Shell.IsGoneAsync(holder, cancellationToken).ConfigureAwait(false))
                throw;
            _reporter.Verbose($"{_volume.Node}: taking over the lock of '{holder}', which is gone.");
            await _volume.BreakAsync(owner, cancellationToken).ConfigureAwait(false);
            await _volume.LockAsync(Owner, cancellationToken).ConfigureAwait(false);
        }
    }
}
