namespace TalosTailscale;

/// <summary>How far a node's machine is: its stage and whether it is ready.</summary>
public sealed record TalosMachineStatus
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>unknown, booting, installing, maintenance, running, rebooting, shutting down, resetting or upgrading.</summary>
    public required string Stage { get; init; }

    /// <summary>True when all of the node's own readiness checks pass.</summary>
    public bool Ready { get; init; }

    /// <summary>The readiness checks that do not pass, each as <c>name: reason</c>.</summary>
    public IReadOnlyList<string> UnmetConditions
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => Ready ? $"{Stage}, ready" : Stage;
}
