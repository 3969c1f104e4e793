using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Images.Pe;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>An installer's UKI rebuilt for an installed system.</summary>
public sealed partial class UkiRebuilderTests
{
    [Theory]
    [InlineData(TalosArchitecture.Amd64, false)]
    [InlineData(TalosArchitecture.Amd64, true)]
    [InlineData(TalosArchitecture.Arm64, false)]
    [InlineData(TalosArchitecture.Arm64, true)]
    public async Task What_boots_stays_byte_for_byte_and_what_halts_or_wipes_is_gone(
        TalosArchitecture architecture,
        bool secure
    )
    {
        var bytes = LabImages.Uki(
            new LabUkiSpec
            {
                Kind = LabUkiKind.Iso,
                Architecture = architecture,
                SecureBoot = secure,
            }
        );

        await AssertRebuiltAsync(bytes);
    }

    public static TheoryData<string> InstallerSamples => Samples.Names("uki/iso-");

    [Theory]
    [MemberData(nameof(InstallerSamples))]
    public async Task Samples_are_rebuilt(string name)
    {
        await using var sample = Samples.Open(name);
        var bytes = new byte[sample.Length];
        await sample.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);

        await AssertRebuiltAsync(bytes);
    }

    [Theory]
    [InlineData(LabUkiKind.Installed)]
    [InlineData(LabUkiKind.Installer)]
    public async Task What_is_for_an_installed_system_is_refused(LabUkiKind kind)
    {
        using var source = new MemoryStream(LabImages.Uki(new LabUkiSpec { Kind = kind }));

        var error = await Assert.ThrowsAsync<TsException>(() =>
            UkiRebuilder.RebuildAsync(source, "x.efi", TestContext.Current.CancellationToken)
        );

        Assert.Equal("UkiNothingToChange", error.ErrorId);
    }

    [Fact]
    public async Task Objdump_and_file_read_the_rebuilt_one()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write(
            "new.efi",
            await RebuildAsync(
                LabImages.Uki(
                    new LabUkiSpec
                    {
                        Kind = LabUkiKind.Iso,
                        Architecture = TalosArchitecture.Amd64,
                        SecureBoot = true,
                    }
                )
            )
        );
        var uki = await UkiReader.ReadAsync(
            new MemoryStream(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)),
            new UkiReadOptions(),
            TestContext.Current.CancellationToken
        );

        var table = await Tool.RunAsync("objdump", "-h", "-w", file);

        var rows = SectionRow()
            .Matches(table)
            .Select(m =>
                (
                    m.Groups[1].Value,
                    long.Parse(m.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    long.Parse(m.Groups[3].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                )
            );
        Assert.Equal(rows, uki.Sections.Select(s => (s.Name, s.Size, s.Offset)));
    }

    private static async Task AssertRebuiltAsync(byte[] bytes)
    {
        var rebuilt = await RebuildAsync(bytes);

        var before = await ReadAsync(bytes);
        var after = await ReadAsync(rebuilt);
        Assert.True(before.HaltsIfInstalled);
        Assert.False(after.HaltsIfInstalled);
        Assert.Equal((UkiKind.InstalledSystem, UkiVariant.Plain), (after.Kind, after.Variant));
        Assert.Equal(["main"], after.Profiles.Select(p => p.Id));
        Assert.Equal(KernelCommandLine.Without(before.CommandLine, "talos.halt_if_installed"), after.CommandLine);
        Assert.False(after.Signed || after.HasPcrSignature);
        Assert.Null(after.PcrKeyFingerprint);
        Assert.Equal(before.Extensions, after.Extensions);
        Assert.Equal(before.SchematicYaml, after.SchematicYaml);
        string[] changed = [".cmdline", ".profile", ".pcrsig", ".pcrpkey"];
        Assert.Equal(
            before.Sections.Where(s => !changed.Contains(s.Name)).Select(s => (s.Name, s.Size, s.Sha256)),
            after.Sections.Where(s => !changed.Contains(s.Name)).Select(s => (s.Name, s.Size, s.Sha256))
        );
        await AssertWellFormedAsync(bytes, rebuilt);
    }

    private static async Task AssertWellFormedAsync(byte[] source, byte[] rebuilt)
    {
        var old = await PeOfAsync(source);
        var image = await PeOfAsync(rebuilt);
        Assert.Equal(0, image.Certificates.Length);
        Assert.Equal(0u, image.SymbolTableOffset);
        Assert.Equal(CheckSum(rebuilt, image.CheckSumOffset), image.CheckSum);
        Assert.All(image.Sections, s => Assert.Equal(0u, s.RawOffset % image.FileAlignment));
        Assert.All(image.Sections, s => Assert.Equal(0u, s.RawSize % image.FileAlignment));
        Assert.All(image.Sections, s =>
            Assert.Contains(old.Sections, o => o.Name == s.Name && o.VirtualAddress == s.VirtualAddress)
        );
        Assert.Equal(image.Sections.Max(s => s.RawEnd), rebuilt.Length);
        var last = image.Sections.MaxBy(s => s.VirtualAddress)!;
        Assert.Equal(0u, image.SizeOfImage % image.SectionAlignment);
        Assert.InRange(
            image.SizeOfImage,
            last.VirtualAddress + last.VirtualSize,
            last.VirtualAddress + last.VirtualSize + image.SectionAlignment + last.RawSize
        );
        Assert.True(rebuilt.AsSpan().IndexOf("halt_if_installed"u8) < 0);
    }

    // The algorithm of IMAGHELP, written down a second time.
    private static uint CheckSum(byte[] file, int field)
    {
        var sum = 0u;
        for (var i = 0; i < file.Length; i += 2)
        {
            if (i == field || i == field + 2)
                continue;
            sum += i + 1 < file.Length ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(i)) : file[i];
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return sum + (uint)file.Length;
    }

    private static async Task<byte[]> RebuildAsync(byte[] bytes)
    {
        using var source = new MemoryStream(bytes);
        var rebuilt = await UkiRebuilder.RebuildAsync(source, "x.efi", TestContext.Current.CancellationToken);
        Assert.Contains("kernel argument 'talos.halt_if_installed'", rebuilt.Removed);
        Assert.Contains("profile 'reset'", rebuilt.Removed);
        using var target = new MemoryStream();
        await rebuilt.Content.CopyToAsync(target, TestContext.Current.CancellationToken);
        Assert.Equal(rebuilt.Content.Length, target.Length);
        return target.ToArray();
    }

    private static async Task<UkiInfo> ReadAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return await UkiReader.ReadAsync(
            stream,
            new UkiReadOptions { SectionHashes = true },
            TestContext.Current.CancellationToken
        );
    }

    private static Task<PeImage> PeOfAsync(byte[] bytes) =>
        PeImage.ReadAsync(new RandomReader(new MemoryStream(bytes), "test"), TestContext.Current.CancellationToken);

    [GeneratedRegex(@"^ +\d+ (\S+) +([0-9a-f]{8}) +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]{8}) ", RegexOptions.Multiline)]
    private static partial Regex SectionRow();
}
