using System.Security.Cryptography;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Lab.Images;

/// <summary>What other people's readers see in an ISO of the lab, and in one of the same tree made by xorriso as Talos does.</summary>
public sealed class LabIsoTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(TalosArchitecture.Arm64, true)]
    [InlineData(TalosArchitecture.Amd64, false)]
    public async Task Bsdtar_takes_out_the_tree_that_was_put_in(TalosArchitecture architecture, bool secureBoot)
    {
        var spec = new LabUkiSpec
        {
            Architecture = architecture,
            SecureBoot = secureBoot,
            Kind = LabUkiKind.Iso,
        };
        Write(spec);
        Directory.CreateDirectory(_folder["tree"]);
        await HostTool.RunAsync("bsdtar", "-xf", _folder["lab.iso"], "-C", _folder["tree"]);
        Assert.Equal(
            LabImages.Uki(spec),
            await File.ReadAllBytesAsync(
                Path.Combine(_folder["tree"], "EFI", "Linux", "Talos-v1.12.4.efi"),
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(secureBoot ? 8 : 4, Directory.GetFiles(_folder["tree"], "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Xorriso_sees_the_same_in_ours_as_in_its_own()
    {
        Write(new LabUkiSpec { SecureBoot = true });
        Directory.CreateDirectory(_folder["tree"]);
        await HostTool.RunAsync(
            "bsdtar",
            "-xf",
            _folder["lab.iso"],
            "-C",
            _folder["tree"],
            "--exclude",
            "boot.catalog"
        );
        await File.WriteAllBytesAsync(
            _folder["efiboot.img"],
            FatOf(_folder["lab.iso"]),
            TestContext.Current.CancellationToken
        );
        // The arguments of Talos's pkg/imager/iso/uefi.go.
        await HostTool.RunAsync(
            "xorrisofs",
            "-quiet",
            "-e",
            "--interval:appended_partition_2:all::",
            "-append_partition",
            "2",
            "0xef",
            _folder["efiboot.img"],
            "-partition_cyl_align",
            "all",
            "-partition_offset",
            "16",
            "-iso_mbr_part_type",
            "0x83",
            "-no-emul-boot",
            "-iso-level",
            "3",
            "-o",
            _folder["theirs.iso"],
            _folder["tree"],
            "--",
            "-volid",
            "TALOS_V1_12_4"
        );

        Assert.Equal(await FilesAsync("theirs.iso"), await FilesAsync("lab.iso"));
        Assert.Equal(await BootImageAsync("theirs.iso"), await BootImageAsync("lab.iso"));
    }

    [Theory]
    [InlineData(300_000, "FAT16")]
    [InlineData(40_000_000, "FAT32")]
    public async Task The_appended_file_system_is_clean_and_holds_the_same_files(long size, string type)
    {
        var spec = new LabUkiSpec
        {
            Size = size,
            Architecture = TalosArchitecture.Amd64,
            Kind = LabUkiKind.Iso,
        };
        Write(spec);
        await File.WriteAllBytesAsync(
            _folder["esp.img"],
            FatOf(_folder["lab.iso"]),
            TestContext.Current.CancellationToken
        );
        var check = await HostTool.RunAsync("fsck.fat", "-n", "-v", _folder["esp.img"]);
        Assert.Contains(type == "FAT16" ? "16 bit entries" : "32 bit entries", check, StringComparison.Ordinal);
        Assert.DoesNotContain("differ", check, StringComparison.OrdinalIgnoreCase);
        await HostTool.RunAsync("mcopy", "-i", _folder["esp.img"], "::EFI/Linux/Talos-v1.12.4.efi", _folder["out.efi"]);
        using var expected = new MemoryStream();
        LabImages.WriteUki(spec, expected);
        Assert.Equal(
            SHA256.HashData(expected.ToArray()),
            SHA256.HashData(await File.ReadAllBytesAsync(_folder["out.efi"], TestContext.Current.CancellationToken))
        );
    }

    [Fact]
    public async Task An_ESP_keeps_names_that_are_long_or_alike()
    {
        var files = new Dictionary<string, byte[]>(LabImages.EspFiles(TalosArchitecture.Arm64))
        {
            ["EFI/Linux/Talos-v1.12.4.efi"] = [1],
            ["EFI/Linux/Talos-v1.12.4~1.efi"] = [2, 2],
            ["EFI/Linux/Talos-v1.12.4.efi.bak.1700000000"] = [3, 3, 3],
            ["EFI/Linux/EMPTY.TXT"] = [],
        };
        await using (var esp = File.Create(_folder["esp.img"]))
            LabImages.WriteEsp(esp, files, 4 << 20);
        await HostTool.RunAsync("fsck.fat", "-n", _folder["esp.img"]);
        var list = await HostTool.RunAsync("mdir", "-b", "-/", "-i", _folder["esp.img"], "::");
        Assert.Equal(
            files.Keys.Order(StringComparer.Ordinal),
            list.Split('\n')
                .Where(l => l.StartsWith("::/", StringComparison.Ordinal) && !l.EndsWith('/'))
                .Select(l => l[3..])
                .Order(StringComparer.Ordinal)
        );
    }

    public void Dispose() => _folder.Dispose();

    private void Write(LabUkiSpec spec)
    {
        using var iso = File.Create(_folder["lab.iso"]);
        LabImages.WriteIso(spec, iso);
    }

    private async Task<string[]> FilesAsync(string iso)
    {
        var text = await HostTool.RunAsync("bsdtar", "-tf", _folder[iso]);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    private async Task<string> BootImageAsync(string iso)
    {
        var text = await HostTool.RunAsync("xorriso", "-indev", _folder[iso], "-report_el_torito", "plain");
        var line = text.Split('\n').Single(l => l.StartsWith("El Torito boot img", StringComparison.Ordinal));
        // Without the block number: theirs lies elsewhere.
        return string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..^1]);
    }

    private static byte[] FatOf(string iso)
    {
        using var stream = File.OpenRead(iso);
        var entry = new byte[16];
        stream.Position = 462;
        stream.ReadExactly(entry);
        var fat = new byte[BitConverter.ToUInt32(entry, 12) * 512L];
        stream.Position = BitConverter.ToUInt32(entry, 8) * 512L;
        stream.ReadExactly(fat);
        return fat;
    }
}
