namespace TalosTailscale.Tests.Rollout;

/// <summary>What cluster, and which limits.</summary>
/// <param name="ControlPlanes">How many control planes; they come first.</param>
/// <param name="Workers">How many workers.</param>
/// <param name="OneWave">Whether all are in one wave, so that nothing but the rule for control planes keeps those apart.</param>
/// <param name="Width">How many workers at once.</param>
/// <param name="MaxFailures">After how many failures nothing more is begun.</param>
/// <param name="Upgrades">Nodes that are upgraded; the others are swapped.</param>
internal sealed record ModelShape(
    int ControlPlanes,
    int Workers,
    bool OneWave,
    int Width,
    int MaxFailures,
    int[] Upgrades
)
{
    public int Count => ControlPlanes + Workers;

    /// <summary>Whether a command may name any of the nodes, and not always all of them.</summary>
    public bool Subsets { get; init; }

    /// <summary>What a run may be given, a bit for each node.</summary>
    public IEnumerable<int> Choices => Subsets ? Enumerable.Range(1, All) : [All];

    private int All => (1 << Count) - 1;

    public IReadOnlyList<int> Widths => OneWave ? [Count] : [Width, 1];

    public bool IsControlPlane(int index) => index < ControlPlanes;

    public int Wave(int index) => OneWave || !IsControlPlane(index) ? 1 : 2;

    public TsRolloutMethod Method(int index) =>
        Upgrades.Contains(index) ? TsRolloutMethod.Upgrade : TsRolloutMethod.UkiSwap;
}
