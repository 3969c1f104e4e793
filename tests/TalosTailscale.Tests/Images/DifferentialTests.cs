using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Fat;
using TalosTailscale.Core.Images.Iso;
using TalosTailscale.Core.Images.Partitions;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>
/// Our readers and those of Debian's packages on the same images, made here by other people's tools and taken from the
/// samples: which files, how long, with which content. A tool that is absent skips the test and says so.
/// </summary>
public sealed partial class DifferentialTests
{
    public static TheoryData<string> IsoSamples => Samples.Names("iso/");

    public static TheoryData<string> DiskSamples => Samples.Names("disk/");

    public static TheoryData<string> UkiSamples => Samples.Names("uki/");

    /// <summary>Without those for ARM, which objdump on x86-64 does not take.</summary>
    public static TheoryData<string> Amd64Samples => Samples.Names("uki/", except: "arm64");

    [Theory]
    [InlineData("-R")]
    [InlineData("-R -J")]
    [InlineData("--norock -J")]
    [InlineData("--norock -iso-level 1")]
    [InlineData("--norock -iso-level 2")]
    [InlineData("--norock -iso-level 3")]
    [InlineData("-R -J -iso-level 3 -e efi.img -no-emul-boot -append_partition 2 0xef tree/efi.img")]
    public async Task Isos_by_xorriso_hold_what_bsdtar_and_7z_take_out(string options)
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, byte[] content) in Content())
            folder.Write("tree/" + name, content);
        if (options.Contains("efi.img", StringComparison.Ordinal))
            folder.Write("tree/efi.img", new byte[1 << 20]);
        string iso = folder["x.iso"];
        string[] words = options.Replace("tree/", folder["tree"] + "/", StringComparison.Ordinal).Split(' ');
        await Tool.RunAsync("xorriso", ["-as", "mkisofs", "-quiet", "-o", iso, .. words, folder["tree"]]);

        await AssertIsoAsync(folder, iso);
    }

    [Theory]
    [MemberData(nameof(IsoSamples))]
    public async Task Iso_samples_hold_what_bsdtar_and_7z_take_out(string name)
    {
        using var folder = new TemporaryFolder();
        await AssertIsoAsync(folder, Unpacked(folder, name));
    }

    [Theory]
    [InlineData(12, 512, 4)]
    [InlineData(16, 512, 20)]
    [InlineData(16, 4096, 140)]
    [InlineData(32, 512, 40)]
    public async Task File_systems_by_mkfs_vfat_hold_what_mtools_takes_out(int bits, int sector, int mebibytes)
    {
        using var folder = new TemporaryFolder();
        string image = folder["x.img"];
        await using (var file = File.Create(image))
            file.SetLength((long)mebibytes << 20);
        await Tool.RunAsync(
            "mkfs.vfat",
            "-F",
            $"{bits}",
            "-S",
            $"{sector}",
            "-s",
            bits == 12 ? "4" : "1",
            "-n",
            "LABEL",
            image
        );

        // A file that is deleted leaves a gap, and the next one lies in pieces.
        string gap = folder.Write("gap", new byte[40_000]);
        await Tool.RunAsync("mcopy", "-i", image, gap, "::gap");
        await Tool.RunAsync("mmd", "-i", image, "::EFI", "::EFI/Linux", "::A folder with a long name");
        foreach ((string name, byte[] content) in Content().Take(1))
            await CopyAsync(name, content);
        await Tool.RunAsync("mdel", "-i", image, "::gap");
        foreach ((string name, byte[] content) in Content().Skip(1))
            await CopyAsync(name, content);

        await using var stream = File.OpenRead(image);
        FatVolume volume = (
            await FatVolume.TryOpenAsync(new RandomReader(stream, image), 0, TestContext.Current.CancellationToken)
        )!;
        Assert.Equal(($"FAT{bits}", sector), (volume.Geometry.Type, volume.Geometry.SectorSize));
        await AssertFatAsync(folder, image, volume, stream);

        Task<string> CopyAsync(string name, byte[] content) =>
            Tool.RunAsync("mcopy", "-i", image, folder.Write("one", content), "::" + name);
    }

    [Theory]
    [MemberData(nameof(DiskSamples))]
    public async Task Disk_samples_hold_what_mtools_takes_out_and_the_partitions_that_sgdisk_lists(string name)
    {
        using var folder = new TemporaryFolder();
        string image = Unpacked(folder, name);
        await using var stream = File.OpenRead(image);
        var reader = new RandomReader(stream, name);
        if (await FatVolume.TryOpenAsync(reader, 0, TestContext.Current.CancellationToken) is { } whole)
        {
            await AssertFatAsync(folder, image, whole, stream);
            return;
        }

        PartitionTable table = (await PartitionTable.TryReadAsync(reader, TestContext.Current.CancellationToken))!;
        if (table.SectorSize == 512)
            await AssertPartitionsAsync(image, table);
        foreach (Partition esp in table.Partitions.Where(partition => partition.IsEsp))
        {
            FatVolume volume = (
                await FatVolume.TryOpenAsync(reader, esp.Offset, TestContext.Current.CancellationToken)
            )!;
            string cut = folder["esp.img"];
            await using (var part = new SubStream(stream, esp.Offset, esp.Size))
            await using (var file = File.Create(cut))
                await part.CopyToAsync(file, TestContext.Current.CancellationToken);
            await AssertFatAsync(folder, cut, volume, stream);
        }
    }

    [Fact]
    public async Task A_table_by_sgdisk_is_read_as_sgdisk_lists_it()
    {
        using var folder = new TemporaryFolder();
        string image = folder["x.img"];
        await using (var file = File.Create(image))
            file.SetLength(64 << 20);
        await Tool.RunAsync(
            "sgdisk",
            "-n",
            "1:2048:+8M",
            "-t",
            "1:EF00",
            "-c",
            "1:EFI",
            "-n",
            "5:0:+1M",
            "-c",
            "5:META ü",
            "-n",
            "3:0:0",
            image
        );

        await using var stream = File.OpenRead(image);
        await AssertPartitionsAsync(
            image,
            (await PartitionTable.TryReadAsync(new RandomReader(stream, image), TestContext.Current.CancellationToken))!
        );
    }

    [Theory]
    [InlineData("label: dos\n,4M,ef,*\n,8M,c\n,,E\n,2M,83\n,,83\n")]
    [InlineData("label: gpt\n,4M,U\n,8M,L\n")]
    public async Task A_table_by_sfdisk_is_read_as_sfdisk_lists_it(string script)
    {
        using var folder = new TemporaryFolder();
        string image = folder["x.img"];
        await using (var file = File.Create(image))
            file.SetLength(32 << 20);
        folder.Write("script", System.Text.Encoding.ASCII.GetBytes(script));
        (int code, string output) = await Tool.TryAsync("sfdisk", "--version");
        Assert.True(code == 0, output);
        await Tool.RunAsync("sh", "-c", "sfdisk -q \"$1\" < \"$2\"", "sh", image, folder["script"]);

        await using var stream = File.OpenRead(image);
        PartitionTable table = (
            await PartitionTable.TryReadAsync(new RandomReader(stream, image), TestContext.Current.CancellationToken)
        )!;

        using var json = System.Text.Json.JsonDocument.Parse(await Tool.RunAsync("sfdisk", "--json", image));
        var theirs = json
            .RootElement.GetProperty("partitiontable")
            .GetProperty("partitions")
            .EnumerateArray()
            .Where(partition => partition.GetProperty("type").GetString() is not ("5" or "f" or "85"))
            .Select(partition =>
                (partition.GetProperty("start").GetInt64() * 512, partition.GetProperty("size").GetInt64() * 512)
            );
        Assert.Equal(theirs, table.Partitions.Select(partition => (partition.Offset, partition.Size)));
    }

    [Theory]
    [InlineData("zstd -q -c F")]
    [InlineData("zstd -q -19 --no-check -c F")]
    [InlineData("zstd -q -c F; printf 'P*M\\030\\004\\000\\000\\000skip'; zstd -q -1 -c F")]
    [InlineData("xz -c F")]
    [InlineData("xz -T1 --block-size=65536 -C sha256 -c F")]
    [InlineData("xz -C none -c F; xz -C crc32 -c F; printf '\\000\\000\\000\\000'")]
    [InlineData("gzip -c F")]
    public async Task What_the_compressors_pack_is_unpacked_to_the_byte(string commands)
    {
        using var folder = new TemporaryFolder();
        byte[] content =
        [
            .. Enumerable.Range(0, 60_000).SelectMany(i => BitConverter.GetBytes(i / 7 * 2654435761L)).Take(300_000),
        ];
        string packed = folder["packed"];
        foreach (string tool in new[] { "zstd", "xz" })
            if (commands.Contains(tool + " ", StringComparison.Ordinal))
                await Tool.RunAsync(tool, "--version");
        folder.Write("F", content);
        await Tool.RunAsync("sh", "-c", $"cd \"$1\" && {{ {commands}; }} > packed", "sh", folder.Path);
        int times = commands.Split(" F").Length - 1;

        await using var file = File.OpenRead(packed);
        await using Stream unpacked = await ImageStream.DecompressAsync(
            file,
            packed,
            TestContext.Current.CancellationToken
        );
        using var copy = new MemoryStream();
        await unpacked.CopyToAsync(copy, TestContext.Current.CancellationToken);

        Assert.True(
            copy.ToArray().AsSpan().SequenceEqual([.. Enumerable.Repeat(content, times).SelectMany(bytes => bytes)])
        );
    }

    [Theory]
    [MemberData(nameof(Amd64Samples))]
    public async Task Sections_of_the_samples_are_those_that_objdump_lists(string name)
    {
        _ = Samples.Facts(name);
        await using var stream = File.OpenRead(Samples.PathOf(name));
        PeImage image = await PeImage.ReadAsync(new RandomReader(stream, name), TestContext.Current.CancellationToken);

        string table = await Tool.RunAsync("objdump", "-h", "-w", Samples.PathOf(name));

        Assert.Equal(
            SectionRow()
                .Matches(table)
                .Select(row => (row.Groups[1].Value, Hex(row.Groups[2].Value), Hex(row.Groups[3].Value))),
            image.Sections.Select(section => (section.Name, section.ContentLength, (long)section.RawOffset))
        );
    }

    [Theory]
    [MemberData(nameof(UkiSamples))]
    public async Task Verdicts_on_the_samples_are_those_of_sbverify(string name)
    {
        _ = Samples.Facts(name);
        foreach (string certificate in new[] { "keys/sb-signing-cert.pem", "keys/other-signing-cert.pem" })
        {
            byte[] trusted = TrustedCertificates.Parse(
                await File.ReadAllBytesAsync(Samples.PathOf(certificate), TestContext.Current.CancellationToken),
                certificate
            )[0];
            (int code, string output) = await Tool.TryAsync(
                "sbverify",
                "--cert",
                Samples.PathOf(certificate),
                Samples.PathOf(name)
            );
            await using var stream = File.OpenRead(Samples.PathOf(name));

            UkiInfo uki = await UkiReader.ReadAsync(
                stream,
                new UkiReadOptions { TrustedCertificates = [trusted] },
                TestContext.Current.CancellationToken
            );

            Assert.True(
                (code == 0) == (uki.SignerTrusted == true),
                $"{certificate}: {uki.SignatureStatus}, {uki.SignerTrusted}; {output}"
            );
        }
    }

    private static long Hex(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // Long and odd names, empty and large files, folders in folders.
    private static IEnumerable<(string Name, byte[] Content)> Content()
    {
        yield return ("EFI/Linux/Talos-v1.12.4.efi", LabImages.Uki(new LabUkiSpec { Size = 120_000 }));
        yield return (
            "EFI/Linux/Talos-v1.12.4~1.efi",
            [.. Enumerable.Range(0, 70_001).Select(i => (byte)(i * 31 / 7))]
        );
        yield return ("readme.txt", "text\n"u8.ToArray());
        yield return ("empty", []);
        yield return ("A folder with a long name/a file with a long name, too.config", new byte[2048]);
        yield return ("UPPER.TXT", "X"u8.ToArray());
    }

    private static string Unpacked(TemporaryFolder folder, string name)
    {
        _ = Samples.Facts(name);
        using Stream stream = Samples.Open(name);
        using FileStream file = File.Create(folder["image"]);
        stream.CopyTo(file);
        return folder["image"];
    }

    private static async Task AssertIsoAsync(TemporaryFolder folder, string iso)
    {
        await using var stream = File.OpenRead(iso);
        IsoImage image = await IsoImage.OpenAsync(new RandomReader(stream, iso), TestContext.Current.CancellationToken);
        SortedDictionary<string, string> ours = await OursAsync(image, stream);

        Directory.CreateDirectory(folder["bsdtar"]);
        await Tool.RunAsync("bsdtar", "-xf", iso, "-C", folder["bsdtar"]);
        Assert.Equal(Theirs(folder["bsdtar"]), ours);

        // 7z takes Joliet's names before Rock Ridge's, and its own for the boot images.
        await Tool.RunAsync("7z", "x", "-y", "-o" + folder["7z"], iso);
        Assert.Equal(
            Theirs(folder["7z"]).Values.Order(StringComparer.Ordinal),
            ours.Values.Order(StringComparer.Ordinal)
        );
    }

    private static async Task AssertFatAsync(TemporaryFolder folder, string image, FatVolume volume, Stream stream)
    {
        SortedDictionary<string, string> ours = await OursAsync(volume, stream);
        Directory.CreateDirectory(folder["mtools"]);
        await Tool.RunAsync("mcopy", "-s", "-n", "-Q", "-i", image, "::", folder["mtools"]);
        Assert.Equal(Theirs(folder["mtools"]), ours);
    }

    private static async Task AssertPartitionsAsync(string image, PartitionTable table)
    {
        string list = await Tool.RunAsync("sgdisk", "-p", image);
        if (list.Contains("GPT: not present", StringComparison.Ordinal))
            return;
        Assert.Equal(
            PartitionRow()
                .Matches(list)
                .Select(row =>
                    (
                        int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture),
                        long.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture) * 512,
                        (long.Parse(row.Groups[3].Value, CultureInfo.InvariantCulture) + 1) * 512
                    )
                ),
            table.Partitions.Select(partition =>
                (partition.Number, partition.Offset, partition.Offset + partition.Size)
            )
        );
    }

    private static async Task<SortedDictionary<string, string>> OursAsync(IFileTree tree, Stream stream)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (TreeFile file in await FileTree.ListAsync(tree, TestContext.Current.CancellationToken))
        {
            await using var content = new SubStream(
                stream,
                await tree.FindContentAsync(file.Entry, TestContext.Current.CancellationToken)
            );
            byte[] hash = await SHA256.HashDataAsync(content, TestContext.Current.CancellationToken);
            files.Add(file.Path, $"{file.Entry.Size} {Convert.ToHexStringLower(hash)}");
        }

        return files;
    }

    private static SortedDictionary<string, string> Theirs(string folder)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (
            string path in Directory.EnumerateFiles(
                folder,
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }
            )
        )
        {
            string name = Path.GetRelativePath(folder, path);
            if (name.StartsWith("[BOOT]", StringComparison.Ordinal))
                continue;
            byte[] content = File.ReadAllBytes(path);
            files.Add(name, $"{content.Length} {Convert.ToHexStringLower(SHA256.HashData(content))}");
        }

        return files;
    }

    [GeneratedRegex(@"^ *\d+ (\S+) +([0-9a-f]{8}) +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]{8})", RegexOptions.Multiline)]
    private static partial Regex SectionRow();

    [GeneratedRegex(@"^ +(\d+) +(\d+) +(\d+) +[\d.]+ [KMGT]?i?B", RegexOptions.Multiline)]
    private static partial Regex PartitionRow();
}
