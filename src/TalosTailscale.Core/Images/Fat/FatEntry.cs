namespace TalosTailscale.Core.Images.Fat;

/// <summary>A file or folder of a FAT file system.</summary>
/// <param name="Name">The long name, else the short one in the case that its flags say.</param>
/// <param name="ShortName">The 8.3 name in upper case.</param>
/// <param name="IsFolder">True for a folder.</param>
/// <param name="Size">Length in bytes; 0 for a folder.</param>
/// <param name="FirstCluster">Where its chain starts; 0 for an empty file.</param>
/// <param name="Attributes">Attribute bits of the slot.</param>
internal sealed record FatEntry(
    string Name,
    string ShortName,
    bool IsFolder,
    long Size,
    uint FirstCluster,
    byte Attributes
) : TreeEntry(Name, IsFolder, Size);
