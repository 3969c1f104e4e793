using System.Buffers.Binary;

namespace TalosTailscale.Core.Images.Pe;

/// <summary>
/// The attribute certificate table of a PE file, walked as the firmware walks it (edk2, DxeImageVerificationHandler):
/// entries padded to 8 bytes that end exactly where the table ends. Where they do not, the firmware takes none of them.
/// </summary>
/// <param name="IsWhole">Whether the entries fill the table.</param>
/// <param name="Signatures">The PKCS#7 signatures in order; null for one that cannot be parsed.</param>
internal sealed record CertificateTable(bool IsWhole, IReadOnlyList<AuthenticodeSignature?> Signatures)
{
    private const int MaxTable = 1024 * 1024;

    /// <summary>No image has more; each costs arithmetic.</summary>
    private const int MaxSignatures = 16;

    private const int Header = 8;
    private const ushort Pkcs = 0x0002,
        EfiGuid = 0x0EF1;
    private static readonly byte[] s_pkcs7Guid = new Guid("4aafd29d-68df-49ee-8aa9-347d375665a7").ToByteArray();

    public static async Task<CertificateTable> ReadAsync(
        RandomReader file,
        PeImage image,
        CancellationToken cancellationToken
    )
    {
        if (image.Certificates.Length > MaxTable)
            return new CertificateTable(false, []);
        var table = await file.ReadAsync(
                image.Certificates.Offset,
                (int)image.Certificates.Length,
                "the certificate table",
                cancellationToken
            )
            .ConfigureAwait(false);
        return Parse(table);
    }

    private static CertificateTable Parse(ReadOnlySpan<byte> rest)
    {
        var signatures = new List<AuthenticodeSignature?>();
        while (rest.Length > Header && signatures.Count < MaxSignatures)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            var padded = (length + 7L) & ~7L;
            if (length < Header || padded > rest.Length)
                break;
            var content = rest[Header..(int)length];
            var type = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]);
            if (type == EfiGuid && content.StartsWith(s_pkcs7Guid))
                signatures.Add(AuthenticodeSignature.TryParse(content[s_pkcs7Guid.Length..]));
            else if (type == Pkcs)
                signatures.Add(AuthenticodeSignature.TryParse(content));
            rest = rest[(int)padded..];
        }

        return new CertificateTable(rest.IsEmpty, signatures);
    }
}
