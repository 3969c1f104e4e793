using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>Incompressible bytes that are the same at every run: what kernels and squashfs layers are filled with.</summary>
internal static class LabBytes
{
    /// <summary>The clock of everything that is built: 2026-02-06 12:00:00 UTC.</summary>
    public static readonly DateTimeOffset Epoch = new(2026, 2, 6, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Writes bytes that depend on the name alone.</summary>
    public static void Write(Stream output, string name, long count)
    {
        var state = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        var buffer = new byte[(int)Math.Min(65536, Math.Max(8, (count + 7) & ~7L))];
        while (count > 0)
        {
            for (var i = 0; i < buffer.Length; i += 8)
                BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(i), Next(ref state));
            var take = (int)Math.Min(buffer.Length, count);
            output.Write(buffer, 0, take);
            count -= take;
        }
    }

    /// <summary>As <see cref="Write"/>, as an array.</summary>
    public static byte[] Make(string name, int count)
    {
        using var stream = new MemoryStream(count);
        Write(stream, name, count);
        return stream.ToArray();
    }

    // SplitMix64: passes for noise and is quick enough for 100 MB.
    private static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
