namespace TalosTailscale.Core.Inventory;

/// <summary>Finds what was meant by a name that nobody knows: a known one that is a letter or two away.</summary>
internal static class NearestName
{
    /// <summary>The nearest of the known names, capitals aside; null when none is near.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        string? best = null;
        int least = Math.Min(3, (name.Length / 2) + 1);
        foreach (string candidate in known)
        {
            int distance = Distance(name, candidate, least);
            if (distance >= least)
                continue;
            least = distance;
            best = candidate;
        }

        return best;
    }

    private static int Distance(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) >= limit)
            return limit;
        var row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                int next = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + cost);
                diagonal = row[j];
                row[j] = next;
            }
        }

        return row[b.Length];
    }
}
