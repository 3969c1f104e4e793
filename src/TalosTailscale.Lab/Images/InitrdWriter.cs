using System.Globalization;
using System.Text;
using ZstdSharp;

namespace TalosTailscale.Lab.Images;

/// <summary>
/// The <c>.initrd</c> of an image: the base archive and, in a second zstd stream, one squashfs per extension with
/// <c>extensions.yaml</c> (Talos <c>pkg/imager/extensions/rebuild.go</c>).
/// </summary>
internal static class InitrdWriter
{
    public static void Write(Stream output, LabUkiSpec spec, long rootSize)
    {
        Archive(output, cpio =>
        {
            cpio.AddFile("init", LabBytes.Make($"init/{spec.Architecture}/{spec.Version}", 40_000));
            cpio.AddFile("rootfs.sqsh", rootSize, o =>
                LabBytes.Write(o, $"rootfs/{spec.Architecture}/{spec.Version}", rootSize)
            );
        });
        if (spec.Vanilla)
            return;
        Archive(output, cpio =>
        {
            var layer = 0;
            foreach (var extension in spec.Extensions)
                cpio.AddFile(
                    $"{layer++}.sqsh",
                    Squashfs($"{extension.Name}/{extension.Version}/{spec.Architecture}", 12_000)
                );
            cpio.AddFile($"{layer}.sqsh", Squashfs(spec.SchematicId, 4096));
            cpio.AddFile("extensions.yaml", Encoding.UTF8.GetBytes(ExtensionsYaml(spec)));
        });
    }

    /// <summary>The list of layers; the last one is no extension but says from which schematic the image was built.</summary>
    internal static string ExtensionsYaml(LabUkiSpec spec)
    {
        var yaml = new StringBuilder("layers:\n");
        var layer = 0;
        foreach (var e in spec.Extensions)
            Layer(yaml, layer++, e.Name, e.Version, e.Author, e.Description, e.TalosVersion, null);
        Layer(
            yaml,
            layer,
            "schematic",
            spec.SchematicId,
            "Image Factory (https://factory.talos.dev)",
            "Virtual extension which specifies the schematic of the image built with schematic.",
            ">= 1.0.0",
            spec.SchematicYaml
        );
        return yaml.ToString();
    }

    private static void Layer(
        StringBuilder yaml,
        int number,
        string name,
        string version,
        string author,
        string description,
        string talos,
        string? extraInfo
    )
    {
        yaml.Append(
            CultureInfo.InvariantCulture,
            $"""
                - image: {number}.sqsh
                  metadata:
                    name: {name}
                    version: {version}
                    author: '{author}'
                    description: |
                        {description}
                    compatibility:
                        talos:
                            version: '{talos}'

            """
        );
        if (extraInfo is null)
            return;
        yaml.Append("        extraInfo: |\n");
        foreach (var line in extraInfo.TrimEnd('\n').Split('\n'))
            yaml.Append("            ").Append(line).Append('\n');
    }

    private static byte[] Squashfs(string name, int size)
    {
        var bytes = LabBytes.Make("layer/" + name, size);
        "hsqs"u8.CopyTo(bytes);
        return bytes;
    }

    private static void Archive(Stream output, Action<CpioWriter> fill)
    {
        using var zstd = new CompressionStream(output, level: 1, leaveOpen: true);
        var cpio = new CpioWriter(zstd);
        fill(cpio);
        cpio.Finish();
    }
}
