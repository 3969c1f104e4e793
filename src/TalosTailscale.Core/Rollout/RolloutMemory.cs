namespace TalosTailscale.Core.Rollout;

/// <summary>How the last attempt on a node ended.</summary>
internal enum RolloutOutcome : byte
{
    /// <summary>There was none, or it has not ended.</summary>
    None,

    /// <summary>At the end of its track.</summary>
    Done,

    /// <summary>By a failed step.</summary>
    Failed,

    /// <summary>Before its image was changed, because the rollout stopped.</summary>
    Left,
}

/// <summary>What the journal remembers of a node: what an earlier run has begun there.</summary>
internal sealed record RolloutMemory
{
    /// <summary>Nothing.</summary>
    internal static RolloutMemory Empty { get; } = new();

    /// <summary>What the journal calls the node; null while it knows nothing of it.</summary>
    public string? Key { get; init; }

    /// <summary>Whether an attempt has changed something, and has not ended.</summary>
    public bool InFlight { get; init; }

    /// <summary>Whether the node may have restarted for it.</summary>
    public bool RestartBegun { get; init; }

    /// <summary>The boot before that restart.</summary>
    public string? BootId { get; init; }

    /// <summary>How the image was, or is being, changed.</summary>
    public TsRolloutMethod Method { get; init; }

    /// <summary>The schematic that was put there.</summary>
    public string? SchematicId { get; init; }

    /// <summary>The Talos version that was put there, and ran before; null in a journal that does not have it.</summary>
    public string? TalosVersion { get; init; }

    /// <summary>The schematic that it ran before.</summary>
    public string? PreviousSchematicId { get; init; }

    /// <summary>The file on its EFI system partition that holds the image of before.</summary>
    public string? Backup { get; init; }

    /// <summary>SHA-256 of the image of before; null where it is not known, as of an upgrade or an old journal.</summary>
    public string? PreviousSha256 { get; init; }

    /// <summary>The boot in which that image was found.</summary>
    public string? FoundInBoot { get; init; }

    /// <summary>Whether it is a control plane, as far as was known.</summary>
    public bool IsControlPlane { get; init; }

    /// <summary>How the last attempt ended.</summary>
    public RolloutOutcome Outcome { get; init; }

    /// <summary>What is remembered after one more entry.</summary>
    internal RolloutMemory With(RolloutEntry entry) =>
        entry.Event switch
        {
            RolloutEvent.Begun => Begin(entry),
            RolloutEvent.Done when entry.Action == TsRolloutAction.Activate => Exchange(entry),
            RolloutEvent.Over => (entry.Outcome == RolloutOutcome.Done && GoesBack(Method) ? Undone() : this) with
            {
                InFlight = false,
                RestartBegun = false,
                BootId = null,
                Outcome = entry.Outcome,
            },
            _ => this,
        };

    /// <summary>Whether a way is one back.</summary>
    internal static bool GoesBack(TsRolloutMethod method) =>
        method is TsRolloutMethod.Restore or TsRolloutMethod.Rollback;

    /// <summary>What counts for the way back: what an installation left in the middle is no beginning of it.</summary>
    internal RolloutMemory ForTheWayBack() =>
        GoesBack(Method) ? this : this with { InFlight = false, RestartBegun = false, BootId = null };

    // The way back has been gone: there is nothing left that it could be gone once more for.
    private RolloutMemory Undone() =>
        this with
        {
            Method = TsRolloutMethod.None,
            SchematicId = null,
            TalosVersion = null,
            PreviousSchematicId = null,
            Backup = null,
            PreviousSha256 = null,
            FoundInBoot = null,
        };

    // Written down before an exchange, in older journals after it. What runs is the image that the first exchange of a
    // boot found. On the way back the image of before is the one that is put there.
    private RolloutMemory Exchange(RolloutEntry entry)
    {
        if (GoesBack(Method))
            return this with { PreviousSha256 = PreviousSha256 ?? entry.ImageSha256 };
        if (entry.Backup is null || (PreviousSha256 is not null && entry.BootId is { } boot && boot == FoundInBoot))
            return this;
        return this with { Backup = entry.Backup, PreviousSha256 = entry.PreviousSha256, FoundInBoot = entry.BootId };
    }

    private RolloutMemory Begin(RolloutEntry entry)
    {
        RolloutMemory now = this with { IsControlPlane = entry.IsControlPlane };
        switch (entry.Action)
        {
            case TsRolloutAction.Cordon:
                return now with { InFlight = true, Outcome = RolloutOutcome.None };
            case TsRolloutAction.Activate:
                // An upgrade restarts the node by itself. What ran before is what ran before the first attempt of all; an
                // attempt to go back leads to the same place, from the same, however often it is made.
                bool back = GoesBack(entry.Method);
                now = now with
                {
                    InFlight = true,
                    Outcome = RolloutOutcome.None,
                    Method = entry.Method,
                    SchematicId = back ? SchematicId : entry.SchematicId,
                    TalosVersion = back ? TalosVersion : entry.TalosVersion,
                    PreviousSchematicId = back ? PreviousSchematicId : entry.PreviousSchematicId ?? PreviousSchematicId,
                    RestartBegun = RestartBegun || entry.Method is TsRolloutMethod.Upgrade or TsRolloutMethod.Rollback,
                    BootId = RestartBegun ? BootId : entry.BootId,
                };
                return now.Exchange(entry);
            case TsRolloutAction.Restart:
                // The boot before the first restart of the attempt is what a later one is told from.
                return now with
                {
                    InFlight = true,
                    Outcome = RolloutOutcome.None,
                    RestartBegun = true,
                    BootId = RestartBegun ? BootId : entry.BootId,
                };
            default:
                return now;
        }
    }
}
