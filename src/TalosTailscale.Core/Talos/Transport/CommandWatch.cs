using System.Runtime.ExceptionServices;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// What ends a command on a node beside its own end: silence in both directions, and input that cannot be read, for which
/// the command would wait for ever.
/// </summary>
internal sealed class CommandWatch : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _alive;
    private ExceptionDispatchInfo? _inputFailure;

    /// <summary>Begins to watch.</summary>
    /// <param name="limit">How long nothing may move.</param>
    /// <param name="stop">Ends the command from outside.</param>
    internal CommandWatch(TimeSpan limit, CancellationToken stop)
    {
        (_limit, _stop) = (limit, stop);
        _alive = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Moved();
    }

    /// <summary>Cancelled when the command is to be given up, for whatever reason.</summary>
    internal CancellationToken Token => _alive.Token;

    /// <summary>Whether the command was given up here, and not from outside.</summary>
    internal bool GaveUp => _alive.IsCancellationRequested && !_stop.IsCancellationRequested;

    /// <summary>A byte was taken or given: the end is put off.</summary>
    internal void Moved() => _alive.CancelAfter(_limit);

    /// <summary>Reads input for the command.</summary>
    internal async ValueTask<int> ReadAsync(Stream input, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await input.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _inputFailure = ExceptionDispatchInfo.Capture(
                e is TsException ? e : new IOException($"Reading the input of the command failed: {e.Message}", e)
            );
            await _alive.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Throws what kept the input from being read, where that is so.</summary>
    internal void ThrowIfInputFailed() => _inputFailure?.Throw();

    /// <inheritdoc/>
    public void Dispose() => _alive.Dispose();
}
