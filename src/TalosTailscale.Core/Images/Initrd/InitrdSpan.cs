using TalosTailscale.Core.Images.Compression;

namespace TalosTailscale.Core.Images.Initrd;

/// <summary>How a piece of an initrd is compressed.</summary>
internal enum InitrdCompression
{
    None,
    Zstd,
    Xz,
    Gzip,
}

/// <summary>One uncompressed cpio archive, zstd frame or xz stream of an initrd.</summary>
/// <param name="Compression">How it is compressed.</param>
/// <param name="Extent">Where it is in the initrd.</param>
internal sealed record InitrdSpan(InitrdCompression Compression, Extent Extent)
{
    /// <summary>The blocks of an xz stream.</summary>
    public XzPart? Xz { get; init; }
}
