using System.Buffers;
using System.Buffers.Binary;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>The checksum of the optional header: a sum of 16-bit words with end-around carry, plus the length.</summary>
internal static class PeCheckSum
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Computes it over a file whose checksum field is zero.</summary>
    public static async Task<uint> ComputeAsync(Stream file, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            file.Position = 0;
            ulong sum = 0;
            int read;
            do
            {
                read = await file.ReadAtLeastAsync(buffer.AsMemory(0, BufferSize), BufferSize, false, cancellationToken)
                    .ConfigureAwait(false);
                sum += Sum(buffer.AsSpan(0, read));
            } while (read == BufferSize);

            while (sum >> 16 != 0)
                sum = (sum & 0xFFFF) + (sum >> 16);
            return checked((uint)(sum + (ulong)file.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (; bytes.Length >= 2; bytes = bytes[2..])
            sum += BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        return bytes.Length == 1 ? sum + bytes[0] : sum;
    }
}
