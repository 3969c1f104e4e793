using System.Buffers;
using System.Security.Cryptography;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>The hashes of a PE file, all from one pass over it.</summary>
/// <param name="File">SHA-256 of the whole file.</param>
/// <param name="Authenticode">The Authenticode digests that were asked for; none where the firmware computes none.</param>
/// <param name="Sections">SHA-256 of the content of each section, in the order of the table; empty when not asked for.</param>
internal sealed record PeHashes(
    byte[] File,
    IReadOnlyDictionary<HashAlgorithmName, byte[]> Authenticode,
    IReadOnlyList<byte[]> Sections
);

/// <summary>Hashes a PE file in one sequential pass with one small buffer.</summary>
internal static class PeHasher
{
    private const int BufferSize = 256 * 1024;

    public static async Task<PeHashes> HashAsync(
        Stream stream,
        PeImage image,
        IEnumerable<HashAlgorithmName> authenticode,
        bool sections,
        Action<long> report,
        CancellationToken cancellationToken
    )
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var ranges = AuthenticodeRanges(image) ?? [];
        var signed = ranges.Count == 0 ? [] : authenticode.Distinct().Select(IncrementalHash.CreateHash).ToArray();
        var perSection = sections
            ? image.Sections.Select(s => (s, Hash: IncrementalHash.CreateHash(HashAlgorithmName.SHA256))).ToArray()
            : [];
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            stream.Position = 0;
            var at = 0L;
            int read;
            while (
                (read = await stream.ReadAsync(buffer.AsMemory(0, BufferSize), cancellationToken).ConfigureAwait(false))
                > 0
            )
            {
                whole.AppendData(buffer, 0, read);
                foreach (var hash in signed)
                foreach (var range in ranges)
                    Append(hash, range, buffer, at, read);
                foreach (var (section, hash) in perSection)
                    Append(hash, new Extent(section.RawOffset, section.ContentLength), buffer, at, read);
                at += read;
                report(at);
            }

            return new PeHashes(
                whole.GetHashAndReset(),
                signed.ToDictionary(s => s.AlgorithmName, s => s.GetHashAndReset()),
                [.. perSection.Select(p => p.Hash.GetHashAndReset())]
            );
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            foreach (var hash in signed.Concat(perSection.Select(s => s.Hash)))
                hash.Dispose();
        }
    }

    /// <summary>
    /// What the digest covers: the headers without checksum and certificate entry, the sections in the order of the
    /// file, and as many bytes more as the file has beyond those and the certificate table. They are taken from where
    /// the sum of the lengths says, so gaps between sections, and bytes behind the table, make a digest that no signer
    /// computed (edk2, DxeImageVerificationLib; Authenticode, "Calculating the PE Image Hash").
    /// </summary>
    /// <returns>Null where headers, sections and table together are longer than the file.</returns>
    internal static List<Extent>? AuthenticodeRanges(PeImage image)
    {
        var ranges = new List<Extent> { new(0, image.CheckSumOffset) };
        var afterChecksum = image.CheckSumOffset + 4L;
        if (image.CertificateEntryOffset is { } entry)
        {
            ranges.Add(new Extent(afterChecksum, entry - afterChecksum));
            afterChecksum = entry + 8;
        }

        ranges.Add(new Extent(afterChecksum, image.SizeOfHeaders - afterChecksum));
        long sum = image.SizeOfHeaders;
        foreach (var section in image.Sections.Where(s => s.RawSize > 0).OrderBy(s => s.RawOffset))
        {
            ranges.Add(new Extent(section.RawOffset, section.RawSize));
            sum += section.RawSize;
        }

        var rest = image.Length - image.Certificates.Length - sum;
        if (rest > 0)
            ranges.Add(new Extent(sum, rest));
        return rest < 0 ? null : ranges;
    }

    private static void Append(IncrementalHash hash, Extent range, byte[] buffer, long at, int read)
    {
        var from = Math.Max(range.Offset, at);
        var to = Math.Min(range.End, at + read);
        if (from < to)
            hash.AppendData(buffer, (int)(from - at), (int)(to - from));
    }
}
