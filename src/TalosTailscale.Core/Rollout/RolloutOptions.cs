namespace TalosTailscale.Core.Rollout;

/// <summary>How a rollout goes.</summary>
public sealed record RolloutOptions
{
    /// <summary>How nodes get the image; null to choose for each by what it is.</summary>
    public TsRolloutMethod? Method { get; init; }

    /// <summary>How many workers at once; control planes are changed one at a time.</summary>
    public RolloutWidth Width { get; init; } = new(1, false);

    /// <summary>After how many failed nodes no further one is begun.</summary>
    public int MaxFailures { get; init; } = 1;

    /// <summary>Leaves pods where they are: neither cordon nor drain.</summary>
    public bool SkipDrain { get; init; }

    /// <summary>Goes back to what each node ran before, by what the journal knows.</summary>
    public bool GoBack { get; init; }
}
