namespace TalosTailscale.Core.Images.Pe;

/// <summary>A row of the section table.</summary>
/// <param name="Name">The name without trailing zeros.</param>
/// <param name="VirtualAddress">Where it is mapped.</param>
/// <param name="VirtualSize">Length of the content in memory; for a UKI section the length of the content.</param>
/// <param name="RawOffset">Where the content starts in the file.</param>
/// <param name="RawSize">How much of the file it takes, padding included.</param>
/// <param name="Characteristics">Flags.</param>
internal sealed record PeSection(
    string Name,
    uint VirtualAddress,
    uint VirtualSize,
    uint RawOffset,
    uint RawSize,
    uint Characteristics
)
{
    /// <summary>Bytes of content that are in the file: the virtual size where it is smaller than the padded raw size.</summary>
    public long ContentLength => VirtualSize == 0 ? RawSize : Math.Min(VirtualSize, RawSize);

    public long RawEnd => (long)RawOffset + RawSize;
}
