using System.Collections.Concurrent;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Boot;

/// <summary>
/// Boots disks after power cuts, and asks of each what Get-TalosEsp would say of it: the old or the new image has to start,
/// and it has to be the one that was named.
/// </summary>
internal sealed class CutBoots(BenchFolder folder)
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_LONG") == "1";

    private readonly HashSet<string> _contents = new(StringComparer.Ordinal);
    private int _old;
    private int _new;

    /// <summary>Those that started neither, or another one than was said.</summary>
    public ConcurrentBag<string> Bad { get; } = [];

    /// <summary>How many differ from each other and were booted.</summary>
    public int Booted => _old + _new + Bad.Count;

    /// <summary>Boots those that differ from each other and from the ones before; where they are more, evenly from first to last.</summary>
    /// <param name="disks">The disks, which are gone through twice.</param>
    /// <param name="writes">What was written, in which alone they differ.</param>
    /// <param name="most">How many at most.</param>
    public Task BootAsync(IEnumerable<byte[]> disks, IReadOnlyList<DiskWrite> writes, int most = int.MaxValue)
    {
        long[] sectors = CutJudge.Sectors(writes);
        int[] distinct =
        [
            .. disks
                .Select((d, i) => (Content: CutJudge.Fingerprint(d, sectors), At: i))
                .Where(d => _contents.Add(d.Content))
                .Select(d => d.At),
        ];
        int count = Math.Min(most, distinct.Length);
        var chosen = Enumerable
            .Range(0, count)
            .Select(i => distinct[(int)((long)i * distinct.Length / count)])
            .ToHashSet();
        return BootAsync(disks.Where((_, i) => chosen.Contains(i)));
    }

    /// <summary>Boots all.</summary>
    public async Task BootAsync(IEnumerable<byte[]> disks)
    {
        string variables = folder.File("vars.fd");
        File.Copy(BenchTools.FirmwareVariables, variables, overwrite: true);
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = s_long ? 2 : 1,
            CancellationToken = TestContext.Current.CancellationToken,
        };
        await Parallel.ForEachAsync(disks.Select(Write).Chunk(Machine.MostDisks), options, async (paths, ct) =>
        {
            string[] said = [.. await Machine.BootEachAsync(paths, variables, folder.Path)];
            for (int i = 0; i < paths.Length; i++)
            {
                Count(await NextAsync(await File.ReadAllBytesAsync(paths[i], ct)), said[i]);
                File.Delete(paths[i]);
            }
        });
    }

    public override string ToString() =>
        $"{Booted} distinct booted by OVMF and systemd-boot as Get-TalosEsp says: {_old} old, {_new} new, {Bad.Count} bad";

    private void Count(string expected, string said)
    {
        if (expected is not ("old" or "new") || !said.Contains("BOOTED " + expected, StringComparison.Ordinal))
            Bad.Add($"Get-TalosEsp says {expected}, firmware: {said}");
        else if (expected == "old")
            Interlocked.Increment(ref _old);
        else
            Interlocked.Increment(ref _new);
    }

    // Which image boots next, by its hash: a name says nothing of what it holds.
    private static async Task<string> NextAsync(byte[] disk)
    {
        await using var session = new EspSession(new ImageNodeShell(disk), "/dev/vda", SilentReporter.Instance);
        EspInfo esp = await session.ReadAsync(SwapScenario.Facts, TestContext.Current.CancellationToken);
        EspFile[] next = [.. esp.Files.Where(f => f.BootsNext)];
        return next.Length != 1
            ? $"{next.Length} files"
            : SwapScenario.Labels.GetValueOrDefault(next[0].Sha256 ?? "", $"'{next[0].Name}'");
    }

    // With holes where there are only zeros.
    private string Write(byte[] disk)
    {
        const int Piece = 1 << 16;
        string path = folder.File(Guid.NewGuid().ToString("N"));
        using FileStream file = File.Create(path);
        for (int at = 0; at < disk.Length; at += Piece)
        {
            ReadOnlySpan<byte> piece = disk.AsSpan(at, Math.Min(Piece, disk.Length - at));
            if (!piece.ContainsAnyExcept((byte)0))
                continue;
            file.Position = at;
            file.Write(piece);
        }

        file.SetLength(disk.Length);
        return path;
    }
}
