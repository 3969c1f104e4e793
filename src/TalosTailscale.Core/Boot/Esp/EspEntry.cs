namespace TalosTailscale.Core.Boot.Esp;

/// <summary>A file as the node's program lists it.</summary>
/// <param name="Path">Path on the partition.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Time of the last change.</param>
/// <param name="Sha256">Hash of files in <c>EFI/Linux</c>, where it was asked for.</param>
internal sealed record EspEntry(string Path, long Size, DateTimeOffset Modified, string? Sha256)
{
    private const string Folder = "EFI/Linux/";

    /// <summary>True for a file directly in <c>EFI/Linux</c>, whatever the case.</summary>
    internal bool IsInLinux =>
        Path.StartsWith(Folder, StringComparison.OrdinalIgnoreCase) && Path.IndexOf('/', Folder.Length) < 0;

    /// <summary>A path as a node's program lists it: parts with a slash between them, none of which leads elsewhere.</summary>
    /// <exception cref="TsException">EspNameInvalid.</exception>
    internal static string CheckedPath(string path, string node) =>
        path.Split('/').All(IsName)
            ? path
            : throw BootErrors.EspNameInvalid.New(
                $"{node}: the EFI system partition lists a file '{path}', which is no path on it.",
                node
            );

    private static bool IsName(string part) =>
        part is not ("" or "." or "..") && part.Length <= 255 && !part.Any(c => char.IsControl(c) || c == '\\');

    /// <summary>The last part of the path.</summary>
    internal string Name => Path[(Path.LastIndexOf('/') + 1)..];
}
