namespace TalosTailscale.Core.Boot.Swap;

/// <summary>How a swap is done.</summary>
public sealed record UkiSwapOptions
{
    /// <summary>Gates whose refusal is overridden; those that nothing skips refuse all the same (<see cref="UkiSwapGateResult.CanSkip"/>).</summary>
    public IReadOnlySet<UkiSwapGate> Skip { get; init; } = new HashSet<UkiSwapGate>();

    /// <summary>Whether the node is rebooted right after, so that the gates for quorum count.</summary>
    public bool Reboot { get; init; }

    /// <summary>Leaves duplicate entries in the menu.</summary>
    public bool KeepDuplicates { get; init; }

    /// <summary>The time for the names of backups.</summary>
    public DateTimeOffset Now { get; init; } = DateTimeOffset.UtcNow;
}
