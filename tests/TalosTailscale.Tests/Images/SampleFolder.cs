using System.IO.Compression;

namespace TalosTailscale.Tests.Images;

/// <summary>The sample images beside the checkout (../shared/testdata/images).</summary>
internal static class SampleFolder
{
    private static readonly Lazy<string?> s_path = new(Find);

    /// <summary>The folder; null where the samples are not laid out.</summary>
    public static string? Path => s_path.Value;

    /// <summary>A raw image, unpacked into memory where it is kept as gzip.</summary>
    public static Stream Open(string folder, string name)
    {
        var path = System.IO.Path.Combine(folder, name);
        if (!name.EndsWith(".gz", StringComparison.Ordinal))
            return File.OpenRead(path);
        using var packed = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var raw = new MemoryStream();
        packed.CopyTo(raw);
        raw.Position = 0;
        return raw;
    }

    private static string? Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = System.IO.Path.Combine(at.FullName, "shared", "testdata", "images");
            if (File.Exists(System.IO.Path.Combine(folder, "expected.json")))
                return folder;
        }

        return null;
    }
}
