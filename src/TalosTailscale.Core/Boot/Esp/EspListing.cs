namespace TalosTailscale.Core.Boot.Esp;

/// <summary>All files of the partition and its space.</summary>
/// <param name="Total">Size of the file system in bytes.</param>
/// <param name="Free">Free bytes.</param>
/// <param name="IsFat">True where names can come to share clusters; false on a file system that counts its links.</param>
/// <param name="Files">The files.</param>
internal sealed record EspListing(long Total, long Free, bool IsFat, IReadOnlyList<EspEntry> Files)
{
    /// <summary>The file of that name in <c>EFI/Linux</c>, compared as FAT does; null when there is none.</summary>
    internal EspEntry? Find(string name) =>
        Files.FirstOrDefault(f => f.IsInLinux && f.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The file of that path; null when there is none.</summary>
    internal EspEntry? FindPath(string path) =>
        Files.FirstOrDefault(f => f.Path.Equals(path, StringComparison.OrdinalIgnoreCase));
}
