using System.Buffers.Binary;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>What a client of TLS offers first (RFC 8446 §4.1.2), as it came over the wire.</summary>
internal sealed record ClientHello(IReadOnlyList<ushort> Suites, IReadOnlyList<ushort> Versions)
{
    private const ushort SupportedVersions = 43;

    internal static async Task<ClientHello> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] header = new byte[5];
        await stream.ReadExactlyAsync(header, cancellationToken);
        byte[] record = new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(3))];
        await stream.ReadExactlyAsync(record, cancellationToken);
        // Type and length of the message, version and random; then lists with their lengths in front.
        int at = 1 + 3 + 2 + 32;
        Take(record, ref at, 1);
        ReadOnlyMemory<byte> suites = Take(record, ref at, 2);
        Take(record, ref at, 1);
        ReadOnlyMemory<byte> extensions = Take(record, ref at, 2);
        ReadOnlyMemory<byte> versions = default;
        for (int next = 0; next < extensions.Length; )
        {
            ushort kind = BinaryPrimitives.ReadUInt16BigEndian(extensions.Span[next..]);
            next += 2;
            ReadOnlyMemory<byte> body = Take(extensions, ref next, 2);
            if (kind == SupportedVersions)
                versions = body[1..];
        }

        return new ClientHello(Numbers(suites.Span), Numbers(versions.Span));
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> from, ref int at, int lengthBytes)
    {
        int length = lengthBytes == 1 ? from.Span[at] : BinaryPrimitives.ReadUInt16BigEndian(from.Span[at..]);
        ReadOnlyMemory<byte> taken = from.Slice(at + lengthBytes, length);
        at += lengthBytes + length;
        return taken;
    }

    private static ushort[] Numbers(ReadOnlySpan<byte> bytes)
    {
        var numbers = new ushort[bytes.Length / 2];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = BinaryPrimitives.ReadUInt16BigEndian(bytes[(2 * i)..]);
        return numbers;
    }
}
