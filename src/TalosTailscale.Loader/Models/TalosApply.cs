namespace TalosTailscale;

/// <summary>When a machine configuration that is sent to a node takes effect.</summary>
public enum TalosApplyMode
{
    /// <summary>At once and without a reboot; refused where that is not possible.</summary>
    NoReboot,

    /// <summary>At once where possible, else with a reboot.</summary>
    Auto,

    /// <summary>At the next reboot.</summary>
    Staged,

    /// <summary>At once, and taken back after a while unless applied again; not written to disk.</summary>
    Try,

    /// <summary>With a reboot. Not offered by Talos 1.14 outside maintenance.</summary>
    Reboot,
}

/// <summary>What a node answered to a machine configuration.</summary>
public sealed record TalosApplyResult
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The mode that the node really used.</summary>
    public required TalosApplyMode Mode { get; init; }

    /// <summary>The node's words; in a dry run they hold the difference.</summary>
    public string Details { get; init; } = "";

    /// <summary>Warnings of the node; never given in a dry run.</summary>
    public IReadOnlyList<string> Warnings
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Node} {Mode}";
}
