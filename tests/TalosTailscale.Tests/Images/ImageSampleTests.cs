using System.Security.Cryptography;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Fat;
using TalosTailscale.Core.Images.Iso;
using TalosTailscale.Core.Images.Partitions;

namespace TalosTailscale.Tests.Images;

/// <summary>ISO, disk and ESP samples against what bsdtar, xorriso, mtools, 7-Zip, sgdisk and sfdisk say.</summary>
public sealed class ImageSampleTests
{
    public static TheoryData<string> Isos => Samples.Names("iso/");

    public static TheoryData<string> Disks => Samples.Names("disk/");

    [Theory]
    [MemberData(nameof(Isos))]
    public async Task Iso_agrees_with_the_expected_facts(string name)
    {
        var facts = Samples.Facts(name);
        await using var stream = Samples.Open(name);
        var file = new RandomReader(stream, name);

        var iso = await IsoImage.OpenAsync(file, TestContext.Current.CancellationToken);

        Assert.Equal(facts.VolumeId, iso.VolumeId);
        Assert.Equal(facts.RockRidge, iso.HasRockRidge);
        Assert.Equal(facts.Joliet, iso.HasJoliet);
        Assert.Equal(facts.Files, await FilesOfAsync(iso, stream));
        Assert.Equal(
            facts.ElTorito ?? [],
            iso.BootImages.Select(
                (b, i) =>
                    new BootFacts(
                        i + 1,
                        b.IsUefi ? "UEFI" : "BIOS",
                        b.Bootable,
                        b.Emulation == 0 ? "none" : "other",
                        b.Sectors512,
                        b.Offset / 2048
                    )
            )
        );
        if (facts.Fat is { } fat)
            await AssertFatAsync(file, stream, fat);
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Disk_agrees_with_the_expected_facts(string name)
    {
        var facts = Samples.Facts(name);
        await using var stream = Samples.Open(name);
        var file = new RandomReader(stream, name);

        if (facts.Kind == "fat")
        {
            await AssertFatAsync(
                file,
                stream,
                new FatFacts
                {
                    Type = facts.Type!,
                    Label = facts.Label,
                    SectorSize = facts.SectorSize,
                    Files = facts.Files,
                }
            );
            return;
        }

        var table = await PartitionTable.TryReadAsync(file, TestContext.Current.CancellationToken);
        Assert.NotNull(table);
        Assert.Equal(facts.SectorSize, table.SectorSize);
        Assert.Equal(
            facts.Partitions,
            table.Partitions.Select(p => new PartitionFacts(
                p.Number,
                p.Name,
                p.Type.ToString()!.ToUpperInvariant(),
                p.Id.ToString()!.ToUpperInvariant(),
                p.Offset,
                p.Size
            ))
        );
        if (facts.Fat is { } fat)
            await AssertFatAsync(file, stream, fat);
    }

    [Theory]
    [MemberData(nameof(Isos))]
    [MemberData(nameof(Disks))]
    public async Task Finds_the_expected_ukis(string name)
    {
        _ = Samples.Facts(name);
        await using var stream = Samples.Open(name);
        await AssertUkisAsync(name, () => UkiFinder.FindAsync(stream, name, TestContext.Current.CancellationToken));
    }

    /// <summary>The samples are kept as gzip, so their own paths are the test of reading through a compression.</summary>
    [Theory]
    [MemberData(nameof(Isos))]
    [MemberData(nameof(Disks))]
    public async Task Finds_the_same_ukis_through_gzip(string name)
    {
        _ = Samples.Facts(name);
        await AssertUkisAsync(name, () =>
            UkiFinder.FindAsync(Samples.PathOf(name), TestContext.Current.CancellationToken)
        );
    }

    private static async Task AssertUkisAsync(string name, Func<Task<IReadOnlyList<UkiLocation>>> find)
    {
        var facts = Samples.Facts(name);
        var inTree = facts.Kind == "disk" ? facts.Fat?.Ukis ?? [] : facts.Ukis;
        var expected = inTree.Length > 0 ? inTree : facts.Fat?.Ukis ?? [];
        if (expected.Length == 0)
        {
            Assert.Equal("UkiNotFound", (await Assert.ThrowsAsync<TsException>(find)).ErrorId);
            return;
        }

        var found = new List<UkiInfo>();
        foreach (var place in await find())
            found.Add(await place.ReadAsync(cancellationToken: TestContext.Current.CancellationToken));

        found.Sort((a, b) => string.CompareOrdinal(a.Location, b.Location));
        Assert.Equal(expected.Select(e => e.Path), found.Select(f => f.Location));
        foreach (var (e, f) in expected.Zip(found))
        {
            Assert.Equal((e.Size, e.Sha256, e.Version), (f.Size, f.Sha256, f.Version));
            Assert.Equal(e.Arch, f.Architecture.ToString().ToLowerInvariant());
            Assert.Equal((e.Cmdline, e.HaltFlag, e.Signed), (f.CommandLine, f.HaltsIfInstalled, f.Signed));
            Assert.Equal((e.SchematicId, e.SignerSha256), (f.SchematicId, f.Signer?.Sha256));
            Assert.Equal(e.Profiles, f.Profiles.Select(p => p.Id));
            Assert.Equal(e.Extensions, f.Extensions.Select(x => new ExtensionFacts(x.Name, x.Version!, null)));
        }
    }

    private static async Task AssertFatAsync(RandomReader file, Stream stream, FatFacts facts)
    {
        var volume = await FatVolume.TryOpenAsync(file, facts.Offset, TestContext.Current.CancellationToken);
        Assert.NotNull(volume);
        Assert.Equal(facts.Type, volume.Geometry.Type);
        Assert.Equal(facts.SectorSize, volume.Geometry.SectorSize);
        Assert.Equal(facts.Label ?? "", await volume.ReadLabelAsync(TestContext.Current.CancellationToken));
        Assert.Equal(facts.Files, await FilesOfAsync(volume, stream));
    }

    private static async Task<IEnumerable<FileFacts>> FilesOfAsync(IFileTree tree, Stream stream)
    {
        var facts = new List<FileFacts>();
        foreach (var file in await FileTree.ListAsync(tree, TestContext.Current.CancellationToken))
        {
            var extents = await tree.FindContentAsync(file.Entry, TestContext.Current.CancellationToken);
            await using var content = new SubStream(stream, extents);
            var hash = await SHA256.HashDataAsync(content, TestContext.Current.CancellationToken);
            facts.Add(new FileFacts(file.Path, file.Entry.Size, Convert.ToHexString(hash).ToLowerInvariant()));
        }

        return facts.OrderBy(f => f.Path, StringComparer.Ordinal);
    }
}
