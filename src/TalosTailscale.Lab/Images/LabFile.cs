namespace TalosTailscale.Lab.Images;

/// <summary>A file to be put into an image.</summary>
internal sealed class LabFile
{
    private readonly Stream _content;

    public LabFile(string path, byte[] content)
        : this(path, new MemoryStream(content, writable: false)) { }

    /// <param name="path">Path with slashes, no leading one.</param>
    /// <param name="content">Seekable; stays the caller's.</param>
    public LabFile(string path, Stream content)
    {
        Path = path;
        _content = content;
    }

    public string Path { get; }

    public long Length => _content.Length;

    public void CopyTo(Stream output)
    {
        _content.Position = 0;
        _content.CopyTo(output);
    }

    /// <summary>A file that goes away with its stream.</summary>
    public static FileStream Temporary() =>
        new(
            System.IO.Path.GetTempFileName(),
            FileMode.Create,
            FileAccess.ReadWrite,
            FileShare.None,
            1 << 16,
            FileOptions.DeleteOnClose
        );
}
