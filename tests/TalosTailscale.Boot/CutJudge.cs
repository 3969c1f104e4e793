using System.Security.Cryptography;
using TalosTailscale.Core.Boot.Esp;

namespace TalosTailscale.Boot;

/// <summary>What was found on disks after power cuts.</summary>
internal sealed class CutTally
{
    private readonly HashSet<string> _contents = [];

    /// <summary>How many disks were looked at.</summary>
    public int Cuts { get; set; }

    /// <summary>How many of them differ from each other in what is written.</summary>
    public int Distinct => _contents.Count;

    /// <summary>How many have two names on one chain of clusters.</summary>
    public int Shared { get; set; }

    /// <summary>Those that do not have the old or the new image under the booted name.</summary>
    public List<string> Bad { get; } = [];

    /// <summary>Those whose folder cannot be read to its end, which can only be where it had to grow: with tiny clusters.</summary>
    public List<byte[]> Broken { get; } = [];

    /// <summary>What the names hold, and one disk for each.</summary>
    public Dictionary<string, byte[]> States { get; } = new(StringComparer.Ordinal);

    public bool Add(string content) => _contents.Add(content);
}

/// <summary>Looks at disks after power cuts.</summary>
internal static class CutJudge
{
    public static Task<CutTally> JudgeAsync(byte[] disk, IReadOnlyList<DiskWrite> writes, int perWrite, int seed) =>
        JudgeAsync(CutPoints.All(disk, writes, perWrite, seed), writes);

    public static async Task<CutTally> JudgeAsync(IEnumerable<byte[]> disks, IReadOnlyList<DiskWrite> writes)
    {
        var tally = new CutTally();
        long[] sectors = Sectors(writes);
        foreach (byte[] disk in disks)
        {
            tally.Cuts++;
            if (tally.Add(Fingerprint(disk, sectors)))
                await LookAsync(disk, tally);
        }

        return tally;
    }

    public static async Task LookAsync(byte[] disk, CutTally tally)
    {
        SortedDictionary<string, string> names = await EspImage.ReadAsync(disk, SwapScenario.Labels);
        string state = string.Join(", ", names.Select(n => $"{n.Key}={n.Value}"));
        if (names.ContainsKey(EspImage.Folder))
        {
            // How far firmware reads a folder whose chain breaks off is for firmware to say.
            tally.Broken.Add([.. disk]);
            return;
        }

        if (names.GetValueOrDefault(SwapScenario.Entry, "missing") is not ("old" or "new"))
            tally.Bad.Add(state);
        using var stream = new MemoryStream(disk, writable: false);
        IReadOnlyDictionary<string, string> guarded = await ClusterGuard.FindUnsafeAsync(
            stream,
            "disk",
            TestContext.Current.CancellationToken
        );
        if (guarded.Any(g => g.Value.Contains("in common", StringComparison.Ordinal)))
        {
            tally.Shared++;
            state += " (shared)";
        }

        if (!tally.States.ContainsKey(state))
            tally.States.Add(state, [.. disk]);
    }

    /// <summary>The sectors that were written.</summary>
    public static long[] Sectors(IReadOnlyList<DiskWrite> writes) =>
        [
            .. writes
                .SelectMany(w => Enumerable.Range(0, w.Data.Length / 512).Select(i => (w.Offset / 512) + i))
                .Distinct()
                .Order(),
        ];

    /// <summary>Tells disks apart; only what the guest wrote can differ.</summary>
    public static string Fingerprint(byte[] disk, long[] sectors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < sectors.Length; )
        {
            int j = i + 1;
            while (j < sectors.Length && sectors[j] == sectors[j - 1] + 1)
                j++;
            hash.AppendData(disk, (int)(sectors[i] * 512), (j - i) * 512);
            i = j;
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
