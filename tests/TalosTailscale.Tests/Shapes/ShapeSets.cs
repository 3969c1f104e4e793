using TalosTailscale.Lab;

namespace TalosTailscale.Tests.Shapes;

/// <summary>
/// Sets of shapes in which every two shapes that go together are together at least once, and each of them is at least
/// once without the other: a covering set, not all the 864 combinations.
/// </summary>
internal static class ShapeSets
{
    /// <summary>What can be chosen apart from the rest: a cluster has one of each row; null is the runbook's.</summary>
    private static readonly LabShape?[][] s_choices =
    [
        [null, LabShape.IPv6Only, LabShape.LanInTailnetRange],
        [null, LabShape.MembersWithDomain, LabShape.KubernetesNamesDiffer],
        [null, LabShape.KeysP256, LabShape.KeysRsa],
        [null, LabShape.FiveControlPlanes],
        [null, LabShape.DiscoveryOff],
        [null, LabShape.TwoEsps],
        [null, LabShape.TwinCluster],
        [null, LabShape.OperatorRole],
    ];

    /// <summary>The sets, the empty one among them.</summary>
    internal static IReadOnlyList<IReadOnlyList<LabShape>> All { get; } = Cover();

    /// <summary>Every two choices of different rows.</summary>
    internal static IEnumerable<(LabShape? One, int Row, LabShape? Other, int OtherRow)> Pairs() =>
        from row in Enumerable.Range(0, s_choices.Length)
        from otherRow in Enumerable.Range(row + 1, s_choices.Length - row - 1)
        from one in s_choices[row]
        from other in s_choices[otherRow]
        select (one, row, other, otherRow);

    /// <summary>Whether a set has both.</summary>
    internal static bool Has(IReadOnlyList<LabShape> set, LabShape? one, int row, LabShape? other, int otherRow) =>
        Chosen(set, row) == one && Chosen(set, otherRow) == other;

    private static LabShape? Chosen(IReadOnlyList<LabShape> set, int row) =>
        s_choices[row].FirstOrDefault(shape => shape is not null && set.Contains(shape));

    // The runbook's lab first; then each set takes whatever brings most pairs that are not there yet.
    private static List<IReadOnlyList<LabShape>> Cover()
    {
        var sets = new List<LabShape?[]> { new LabShape?[s_choices.Length] };
        var open = Pairs().ToList();
        open.RemoveAll(pair => pair.One is null && pair.Other is null);
        while (open.Count > 0)
        {
            var set = new LabShape?[s_choices.Length];
            (set[open[0].Row], set[open[0].OtherRow]) = (open[0].One, open[0].Other);
            var chosen = new HashSet<int> { open[0].Row, open[0].OtherRow };
            foreach (int row in Enumerable.Range(0, s_choices.Length).Where(row => !chosen.Contains(row)))
            {
                set[row] = s_choices[row].MaxBy(choice => open.Count(pair => Brings(pair, row, choice, set, chosen)));
                chosen.Add(row);
            }

            open.RemoveAll(pair => set[pair.Row] == pair.One && set[pair.OtherRow] == pair.Other);
            sets.Add(set);
        }

        return [.. sets.Select(set => set.OfType<LabShape>().ToArray())];
    }

    private static bool Brings(
        (LabShape? One, int Row, LabShape? Other, int OtherRow) pair,
        int row,
        LabShape? choice,
        LabShape?[] set,
        HashSet<int> chosen
    ) =>
        (pair.Row == row && pair.One == choice && chosen.Contains(pair.OtherRow) && set[pair.OtherRow] == pair.Other)
        || (pair.OtherRow == row && pair.Other == choice && chosen.Contains(pair.Row) && set[pair.Row] == pair.One);
}
