namespace TalosTailscale.Core.Rollout;

/// <summary>A plan with what is needed to carry it out; <see cref="View"/> is what people see of it.</summary>
public sealed class RolloutPlan
{
    internal RolloutPlan(TsRolloutPlan view, IReadOnlyList<RolloutWork> works, IReadOnlyList<TsException> refusals)
    {
        View = view;
        Works = works;
        Refusals = refusals;
    }

    /// <summary>Why nodes that were given are not in it.</summary>
    public IReadOnlyList<TsException> Refusals { get; }

    /// <summary>What it says.</summary>
    public TsRolloutPlan View { get; }

    internal IReadOnlyList<RolloutWork> Works { get; }

    /// <summary>The same without some nodes.</summary>
    /// <param name="keep">Whether a node, by its name, stays.</param>
    /// <returns>The smaller plan.</returns>
    public RolloutPlan Where(Func<string, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        return new RolloutPlan(
            View with
            {
                Nodes = [.. View.Nodes.Where(node => keep(node.Node))],
            },
            [.. Works.Where(work => keep(work.Node.Name))],
            Refusals
        );
    }

    /// <inheritdoc/>
    public override string ToString() => View.ToString();
}
