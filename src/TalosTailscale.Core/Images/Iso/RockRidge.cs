using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Iso;

/// <summary>What the system use area of one record says.</summary>
internal sealed record RockRidgeFields
{
    public string? Name { get; init; }

    public bool IsLink { get; init; }

    /// <summary>The folder was moved up because it lay too deep; this is the place that it was moved from.</summary>
    public bool IsRelocated { get; init; }

    /// <summary>Block of the folder that stands elsewhere for this entry.</summary>
    public uint? ChildLink { get; init; }

    public bool IsCompressed { get; init; }
}

/// <summary>
/// The System Use Sharing Protocol (IEEE P1281) with the fields of Rock Ridge (IEEE P1282) that matter for reading
/// files: NM, SL, CL, RE, ZF, and CE, by which a field list goes on elsewhere.
/// </summary>
internal sealed class RockRidge(RandomReader file, int blockSize, int skip)
{
    private const int MaxContinuations = 32;
    private const int MaxName = 4096;

    /// <summary>Looks for the SP field in the root's own record; null when the image has no Rock Ridge.</summary>
    public static async Task<RockRidge?> DetectAsync(
        RandomReader file,
        Extent root,
        int blockSize,
        CancellationToken cancellationToken
    )
    {
        var first = await file.ReadAsync(root.Offset, 34, "the root folder", cancellationToken).ConfigureAwait(false);
        int length = first[0];
        if (length < 34 + 7 || first[32] != 1 || !file.Holds(root.Offset, length))
            return null;
        var record = await file.ReadAsync(root.Offset, length, "the root folder", cancellationToken)
            .ConfigureAwait(false);

        // CD-ROM XA images have 14 bytes of their own first (ECMA-119 extension); SP tells for all other records.
        foreach (var at in (int[])[34, 48])
        {
            if (record.AsSpan().Length < at + 7)
                continue;
            var field = record.AsSpan(at);
            if (field is [(byte)'S', (byte)'P', 7, 1, 0xBE, 0xEF, ..])
                return new RockRidge(file, blockSize, field[6]);
        }

        return null;
    }

    public async ValueTask<RockRidgeFields> ReadAsync(
        ReadOnlyMemory<byte> systemUse,
        CancellationToken cancellationToken
    )
    {
        var fields = new RockRidgeFields();
        var name = new List<byte>();
        var named = false;
        var area = systemUse.Length > skip ? systemUse[skip..] : default;
        for (var continuations = 0; ; continuations++)
        {
            var (next, offset, length) = (0u, 0u, 0u);
            while (area.Length >= 4)
            {
                int size = area.Span[2];
                if (size < 4 || size > area.Length)
                    break;
                var field = area.Span[..size];
                if (field is [(byte)'S', (byte)'T', ..])
                    break;
                if (field is [(byte)'C', (byte)'E', 28, ..])
                {
                    next = BinaryPrimitives.ReadUInt32LittleEndian(field[4..]);
                    offset = BinaryPrimitives.ReadUInt32LittleEndian(field[12..]);
                    length = BinaryPrimitives.ReadUInt32LittleEndian(field[20..]);
                }
                else if (field is [(byte)'N', (byte)'M', _, _, var flags, ..])
                {
                    named |= (flags & 6) == 0;
                    if (name.Count < MaxName)
                        name.AddRange(field[5..]);
                }
                else
                {
                    fields = Apply(fields, field);
                }

                area = area[size..];
            }

            if (length == 0)
                break;
            if (continuations == MaxContinuations || length > blockSize)
                throw ImageErrors.IsoMalformed.New(
                    $"'{file.Name}' has Rock Ridge fields that go on without end.",
                    file.Name
                );
            area = await file.ReadAsync(
                    (next * (long)blockSize) + offset,
                    (int)length,
                    "Rock Ridge fields",
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        return named ? fields with { Name = PrintableText.Line(UkiText.Utf8(name.ToArray())) } : fields;
    }

    private static RockRidgeFields Apply(RockRidgeFields fields, ReadOnlySpan<byte> field) =>
        field switch
        {
            [(byte)'S', (byte)'L', ..] => fields with { IsLink = true },
            [(byte)'R', (byte)'E', ..] => fields with { IsRelocated = true },
            [(byte)'Z', (byte)'F', ..] => fields with { IsCompressed = true },
            [(byte)'C', (byte)'L', >= 12, ..] => fields with
            {
                ChildLink = BinaryPrimitives.ReadUInt32LittleEndian(field[4..]),
            },
            _ => fields,
        };
}
