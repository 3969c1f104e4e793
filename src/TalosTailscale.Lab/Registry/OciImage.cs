using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace TalosTailscale.Lab.Registry;

/// <summary>A container image for both architectures: an index, and its blobs by digest (OCI image spec 1.1).</summary>
internal sealed class OciImage
{
    public const string IndexType = "application/vnd.oci.image.index.v1+json";
    public const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    public const string ConfigType = "application/vnd.oci.image.config.v1+json";
    public const string LayerType = "application/vnd.oci.image.layer.v1.tar+gzip";
    private readonly Dictionary<string, (byte[] Content, string Type)> _blobs = new(StringComparer.Ordinal);

    private OciImage() { }

    public string Digest { get; private set; } = "";

    public (byte[] Content, string Type)? Blob(string digest) => _blobs.TryGetValue(digest, out var blob) ? blob : null;

    /// <summary>Makes an image.</summary>
    /// <param name="files">The files of an architecture, path to content.</param>
    public static OciImage Make(Func<TalosArchitecture, IReadOnlyDictionary<string, byte[]>> files)
    {
        var image = new OciImage();
        var manifests = ((TalosArchitecture[])[TalosArchitecture.Amd64, TalosArchitecture.Arm64])
            .Select(architecture =>
            {
                var name = architecture == TalosArchitecture.Arm64 ? "arm64" : "amd64";
                var tar = Tar(files(architecture));
                var layer = image.Add(GZip(tar), LayerType);
                var config = image.Add(
                    Json(
                        new
                        {
                            architecture = name,
                            os = "linux",
                            config = new { },
                            rootfs = new { type = "layers", diff_ids = new[] { Sha256(tar) } },
                        }
                    ),
                    ConfigType
                );
                var manifest = image.Add(
                    Json(
                        new
                        {
                            schemaVersion = 2,
                            mediaType = ManifestType,
                            config,
                            layers = new[] { layer },
                        }
                    ),
                    ManifestType
                );
                return new
                {
                    manifest.mediaType,
                    manifest.digest,
                    manifest.size,
                    platform = new { architecture = name, os = "linux" },
                };
            })
            .ToList();
        image.Digest = image
            .Add(
                Json(
                    new
                    {
                        schemaVersion = 2,
                        mediaType = IndexType,
                        manifests,
                    }
                ),
                IndexType
            )
            .digest;
        return image;
    }

    private Descriptor Add(byte[] content, string type)
    {
        var digest = Sha256(content);
        _blobs[digest] = (content, type);
        return new Descriptor(type, digest, content.Length);
    }

    private static byte[] Json(object value) => JsonSerializer.SerializeToUtf8Bytes(value);

    private static string Sha256(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static byte[] Tar(IReadOnlyDictionary<string, byte[]> files)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (path, content) in files)
                tar.WriteEntry(
                    new UstarTarEntry(TarEntryType.RegularFile, path)
                    {
                        DataStream = new MemoryStream(content),
                        ModificationTime = Images.LabBytes.Epoch,
                    }
                );
        }

        return stream.ToArray();
    }

    private static byte[] GZip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return stream.ToArray();
    }

#pragma warning disable IDE1006, SA1300 // the names of the OCI specification
    private sealed record Descriptor(string mediaType, string digest, long size);
#pragma warning restore IDE1006, SA1300
}
