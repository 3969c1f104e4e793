namespace TalosTailscale.Tests.Talos;

/// <summary>A clock that a test sets forward; what measures durations runs as ever.</summary>
internal sealed class MovableClock : TimeProvider
{
    private TimeSpan _ahead;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + _ahead;

    public void Advance(TimeSpan by) => _ahead += by;
}
