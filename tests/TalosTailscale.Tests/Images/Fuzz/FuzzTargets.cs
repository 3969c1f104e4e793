using System.Text;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Compression;
using TalosTailscale.Core.Images.Fat;
using TalosTailscale.Core.Images.Initrd;
using TalosTailscale.Core.Images.Iso;
using TalosTailscale.Core.Images.Partitions;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Tests.Kubernetes;

namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>Every reader of bytes from outside, each with seeds that reach all of it.</summary>
internal static class FuzzTargets
{
    private const int Enough = 64 * 1024;

    public static IReadOnlyList<string> Names { get; } =
    [
        "pe",
        "uki",
        "rebuild",
        "signature",
        "initrd",
        "cpio",
        "zstd",
        "xz",
        "extensions",
        "osrelease",
        "iso",
        "fat",
        "partitions",
        "finder",
        "trust",
        "schematic",
        "kubeconfig",
        "plugin",
    ];

    public static FuzzTarget Get(string name) =>
        name switch
        {
            "pe" => new(name, FuzzSeeds.Ukis, async s =>
                PeHasher.AuthenticodeRanges(await PeImage.ReadAsync(Reader(s), default))
            ),
            "uki" => new(name, FuzzSeeds.Ukis, s => UkiReader.ReadAsync(s, new UkiReadOptions { Hash = false })),
            "rebuild" => new(name, FuzzSeeds.Ukis, RebuildAsync),
            "signature" => new(name, FuzzSeeds.Signed, s => SignatureAsync(s, verify: false)),
            "trust" => new(name, FuzzSeeds.SignedShort, s => SignatureAsync(s, verify: true)),
            "initrd" => new(name, FuzzSeeds.Initrds, s => InitrdReader.ReadLayersAsync(Reader(s), default)),
            "cpio" => new(name, FuzzSeeds.Cpios, CpioAsync),
            "zstd" => new(name, FuzzSeeds.ZstdFrames, ZstdAsync),
            "xz" => new(name, FuzzSeeds.XzFiles, XzAsync) { Repair = Repairs.Xz },
            "extensions" => new(name, FuzzSeeds.Yamls, s => TextAsync(s, b => ExtensionsYaml.Parse(b, "seed"))),
            "osrelease" => new(name, FuzzSeeds.Texts, s =>
                TextAsync(s, b => OsRelease.Parse(Encoding.UTF8.GetString(b)))
            ),
            "iso" => new(name, FuzzSeeds.Isos, async s =>
                await WalkAsync(await IsoImage.OpenAsync(Reader(s), default), s)
            )
            {
                Repair = Repairs.BootCatalogue,
            },
            "fat" => new(name, FuzzSeeds.Fats, FatAsync),
            "partitions" => new(name, FuzzSeeds.Disks, s => PartitionTable.TryReadAsync(Reader(s), default))
            {
                Repair = Repairs.Gpt,
            },
            "finder" => new(
                name,
                [FuzzSeeds.Ukis[0], FuzzSeeds.Isos[0], .. FuzzSeeds.Fats.Take(2), .. FuzzSeeds.Disks],
                FinderAsync
            )
            {
                Repair = Repairs.Gpt,
            },
            "schematic" => new(name, FuzzSeeds.Schematics, s =>
                TextAsync(s, b => Schematic.Parse(Encoding.UTF8.GetString(b), "seed"))
            ),
            "kubeconfig" => new(name, KubernetesFuzz.Kubeconfigs, s => TextAsync(s, KubernetesFuzz.Open)),
            "plugin" => new(name, KubernetesFuzz.Answers, s => TextAsync(s, KubernetesFuzz.Answer)),
            _ => throw new ArgumentException($"There is no target '{name}'.", nameof(name)),
        };

    private static RandomReader Reader(Stream stream) => new(stream, "seed");

    private static async Task RebuildAsync(Stream stream)
    {
        if (
            !(
                await UkiReader.ReadAsync(stream, new UkiReadOptions { Hash = false, Extensions = false })
            ).HaltsIfInstalled
        )
            return;
        var rebuilt = await UkiRebuilder.RebuildAsync(stream, "seed", default);
        await UkiReader.ReadAsync(rebuilt.Content, new UkiReadOptions { Hash = false, Extensions = false });
    }

    private static async Task SignatureAsync(Stream stream, bool verify)
    {
        var file = Reader(stream);
        var image = await PeImage.ReadAsync(file, default);
        if (image.Certificates.Length == 0)
            return;
        var table = await CertificateTable.ReadAsync(file, image, default);
        foreach (var signature in verify ? table.Signatures.OfType<AuthenticodeSignature>() : [])
        {
            signature.VerifyCms();
            SignerChain.EndsIn(signature.Certificate, signature.Certificates, [signature.Certificate]);
        }
    }

    private static async Task CpioAsync(Stream stream)
    {
        foreach (var seekable in (bool[])[true, false])
        {
            stream.Position = 0;
            var cpio = new CpioReader(seekable ? stream : new ForwardStream(stream), "seed", new ByteBudget(1 << 24));
            while (await cpio.StartAsync(default))
            {
                while (await cpio.NextAsync(default) is { } entry)
                    if (entry.Name == "extensions.yaml")
                        await cpio.ReadContentAsync(Enough, default);
            }
        }
    }

    private static async Task ZstdAsync(Stream stream)
    {
        await ZstdFrame.FindEndAsync(new ScanBuffer(Reader(stream)), 0, default);
        await using var image = await ImageStream.DecompressAsync(stream, "seed", default);
        await ReadAsync(image, 1 << 20);
    }

    private static async Task XzAsync(Stream stream)
    {
        await using var image = await ImageStream.DecompressAsync(stream, "seed", default);
        await ReadAsync(image, 1 << 20);
        image.Position = 100;
        await ReadAsync(image, 10);
    }

    private static async Task FatAsync(Stream stream)
    {
        if (await FatVolume.TryOpenAsync(Reader(stream), 0, default) is not { } volume)
            return;
        await volume.ReadLabelAsync(default);
        await WalkAsync(volume, stream);
        foreach (var file in await FileTree.ListFolderAsync(volume, "EFI/Linux", default))
            await volume.FindClustersAsync((FatEntry)file.Entry, default);
    }

    private static async Task FinderAsync(Stream stream)
    {
        foreach (var place in await UkiFinder.FindAsync(stream, "seed"))
            await place.ReadAsync(new UkiReadOptions { Hash = false, Extensions = false });
    }

    private static async Task WalkAsync(IFileTree tree, Stream stream)
    {
        foreach (var file in await FileTree.ListAsync(tree, default))
        {
            await using var content = new SubStream(stream, await tree.FindContentAsync(file.Entry, default));
            await ReadAsync(content, 100);
        }
    }

    private static async Task TextAsync(Stream stream, Action<byte[]> parse)
    {
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes);
        parse(bytes);
    }

    private static async Task ReadAsync(Stream stream, int count)
    {
        var buffer = new byte[Math.Min(count, Enough)];
        for (var left = count; left > 0; )
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)));
            if (read == 0)
                return;
            left -= read;
        }
    }

    /// <summary>Hides that a stream can seek.</summary>
    private sealed class ForwardStream(Stream stream) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => stream.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            stream.ReadAsync(buffer, cancellationToken);

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
