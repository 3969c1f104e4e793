namespace TalosTailscale.Boot;

/// <summary>
/// What a disk can hold after a power cut: everything before the last flush, and of what came after it a beginning, or any
/// part, since the disk's cache writes in its own order.
/// </summary>
internal static class CutPoints
{
    private static readonly int s_pieces =
        Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_LONG") == "1" ? 64 : 8;

    /// <summary>In order and reordered.</summary>
    public static IEnumerable<byte[]> All(byte[] disk, IReadOnlyList<DiskWrite> writes, int perWrite, int seed) =>
        InOrder(disk, writes, s_pieces).Concat(Reordered(disk, writes, perWrite, seed));

    /// <summary>The disk cut after every write, and inside every write of several sectors; one buffer, overwritten by the next.</summary>
    public static IEnumerable<byte[]> InOrder(byte[] disk, IReadOnlyList<DiskWrite> writes, int most = 1)
    {
        byte[] now = [.. disk];
        foreach (DiskWrite write in writes.Where(w => w.Data.Length > 0))
        {
            // A disk writes sectors whole, but not a request of many of them.
            int sectors = write.Data.Length / 512,
                pieces = Math.Min(sectors, most);
            for (int i = 1; i < pieces; i++)
            {
                write.Data.AsSpan(0, sectors * i / pieces * 512).CopyTo(now.AsSpan((int)write.Offset));
                yield return now;
            }

            write.Data.CopyTo(now, write.Offset);
            yield return now;
        }
    }

    /// <summary>The disk cut with some of the writes since the last flush done and others not.</summary>
    public static IEnumerable<byte[]> Reordered(byte[] disk, IReadOnlyList<DiskWrite> writes, int perWrite, int seed)
    {
        var random = new Random(seed);
        byte[] flushed = [.. disk];
        var since = new List<DiskWrite>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (DiskWrite write in writes)
        {
            if (write.Flush)
            {
                foreach (DiskWrite done in since)
                    done.Data.CopyTo(flushed, done.Offset);
                since.Clear();
                seen.Clear();
                continue;
            }

            if (write.Data.Length == 0)
                continue;
            since.Add(write);
            if (since.Count < 2)
                continue;
            for (int i = 0; i < perWrite; i++)
            {
                bool[] written = [.. since.Select(_ => random.Next(2) == 0)];
                if (!seen.Add(string.Concat(written.Select(w => w ? '1' : '0')).TrimEnd('0')))
                    continue;
                byte[] cut = [.. flushed];
                for (int k = 0; k < written.Length; k++)
                    if (written[k])
                        since[k].Data.CopyTo(cut, since[k].Offset);
                yield return cut;
            }
        }
    }
}
