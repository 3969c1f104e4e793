using System.ComponentModel;

namespace TalosTailscale;

/// <summary>The result of one check of one node, or of the cluster.</summary>
[TypeConverter(typeof(TsCheckConverter))]
public sealed record TsCheck
{
    /// <summary>The node; <c>cluster</c> for what concerns all.</summary>
    public required string Node { get; init; }

    /// <summary>The name of the check, as <c>-Check</c> takes it.</summary>
    public required string Name { get; init; }

    /// <summary>What came of it.</summary>
    public required TsCheckStatus Status { get; init; }

    /// <summary>What was seen.</summary>
    public required string Evidence { get; init; }

    /// <summary>The code of the cause, when it did not pass; listed in about_TalosTailscale_FailureModes.</summary>
    public string? Cause { get; init; }

    /// <summary>What to do, when it did not pass.</summary>
    public string? Fix { get; init; }

    /// <summary>The number of the runbook's failure mode (1 to 5) that the cause belongs to; null for none.</summary>
    public int? FailureMode { get; init; }

    /// <summary>
    /// Of a skipped check: true where there is nothing to look at (no image to pull was given, no haproxy.cfg is there), false
    /// where something could not be looked at.
    /// </summary>
    public bool NotApplicable { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Node} {Name}: {Status}";
}
