namespace TalosTailscale.Core.ImageFactory;

/// <summary>Something that may be different at the next attempt. Never leaves the room.</summary>
internal sealed class FactoryTransientException(
    string message,
    TimeSpan? retryAfter,
    TsError error,
    Exception? inner = null
) : Exception(message, inner)
{
    /// <summary>How long the server asked us to wait.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>What it is in the end, when no attempt is left.</summary>
    public TsError Error { get; } = error;
}
