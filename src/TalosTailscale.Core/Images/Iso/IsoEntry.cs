namespace TalosTailscale.Core.Images.Iso;

/// <summary>A file or folder of an ISO 9660 image.</summary>
/// <param name="Name">Rock Ridge name, else Joliet, else the plain name without version.</param>
/// <param name="IsFolder">True for a folder.</param>
/// <param name="Size">Length in bytes, all extents together.</param>
/// <param name="Extents">Where the content is; for a folder its records.</param>
/// <param name="Unreadable">Why the content cannot be read (interleaved, compressed); null where it can.</param>
internal sealed record IsoEntry(
    string Name,
    bool IsFolder,
    long Size,
    IReadOnlyList<Extent> Extents,
    string? Unreadable
) : TreeEntry(Name, IsFolder, Size);
