using System.Text;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Lab.Images;

public sealed class LabUkiTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<TalosArchitecture, LabUkiKind, bool> Forms()
    {
        var data = new TheoryData<TalosArchitecture, LabUkiKind, bool>();
        foreach (var architecture in (TalosArchitecture[])[TalosArchitecture.Amd64, TalosArchitecture.Arm64])
        {
            foreach (var kind in Enum.GetValues<LabUkiKind>())
            {
                data.Add(architecture, kind, false);
                data.Add(architecture, kind, true);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void The_same_description_gives_the_same_bytes(
        TalosArchitecture architecture,
        LabUkiKind kind,
        bool secureBoot
    )
    {
        var spec = new LabUkiSpec
        {
            Architecture = architecture,
            Kind = kind,
            SecureBoot = secureBoot,
        };
        Assert.Equal(LabImages.Uki(spec), LabImages.Uki(spec));
    }

    [Fact]
    public void Sections_are_in_the_order_of_Talos_with_the_length_in_VirtualSize()
    {
        var uki = LabImages.Uki(new LabUkiSpec { Kind = LabUkiKind.Iso, SecureBoot = true });
        var sections = Sections(uki);
        Assert.Equal(
            [
                ".text",
                ".sdmagic",
                ".osrel",
                ".cmdline",
                ".uname",
                ".splash",
                ".pcrpkey",
                ".linux",
                ".initrd",
                ".profile",
                ".pcrsig",
                ".profile",
                ".cmdline",
                ".pcrsig",
            ],
            sections.Select(s => s.Name)
        );
        var first = sections.First(s => s.Name == ".cmdline");
        Assert.Equal(
            "talos.platform=metal console=ttyAMA0 console=tty0 talos.halt_if_installed=1 init_on_alloc=1 slab_nomerge "
                + "pti=on consoleblank=0 nvme_core.io_timeout=4294967295 printk.devkmsg=on selinux=1 module.sig_enforce=1 "
                + "lockdown=confidentiality",
            Encoding.UTF8.GetString(first.Content)
        );
        var last = sections.Last(s => s.Name == ".cmdline");
        Assert.EndsWith(
            " lockdown=confidentiality talos.experimental.wipe=system",
            Encoding.UTF8.GetString(last.Content)
        );
    }

    [Fact]
    public void An_image_for_an_installed_system_has_one_profile_and_no_halt_flag()
    {
        var sections = Sections(LabImages.Uki(new LabUkiSpec()));
        Assert.Equal("ID=main", Encoding.UTF8.GetString(Assert.Single(sections, s => s.Name == ".profile").Content));
        var line = Encoding.UTF8.GetString(Assert.Single(sections, s => s.Name == ".cmdline").Content);
        Assert.DoesNotContain("halt", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(5_000_000)]
    public void The_size_is_about_what_was_asked_for(long size)
    {
        using var stream = new MemoryStream();
        LabImages.WriteUki(new LabUkiSpec { Size = size, Architecture = TalosArchitecture.Amd64 }, stream);
        Assert.InRange(stream.Length, size * 9 / 10, size * 11 / 10);
    }

    [Theory]
    [InlineData(TalosArchitecture.Amd64)]
    [InlineData(TalosArchitecture.Arm64)]
    public async Task Sbverify_accepts_the_signature(TalosArchitecture architecture)
    {
        await WriteAsync("uki.efi", new LabUkiSpec { Architecture = architecture, SecureBoot = true });
        await File.WriteAllTextAsync(
            _folder["cert.pem"],
            LabSigningKeys.Factory.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        var text = await HostTool.RunAsync("sbverify", "--cert", _folder["cert.pem"], _folder["uki.efi"]);
        Assert.Contains("Signature verification OK", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osslsigncode_finds_digest_and_signer()
    {
        await WriteAsync("uki.efi", new LabUkiSpec { SecureBoot = true });
        await File.WriteAllTextAsync(
            _folder["cert.pem"],
            LabSigningKeys.Factory.Certificate.ExportCertificatePem(),
            TestContext.Current.CancellationToken
        );
        var text = await HostTool.RunAsync(
            "osslsigncode",
            "verify",
            "-ignore-timestamp",
            "-CAfile",
            _folder["cert.pem"],
            "-in",
            _folder["uki.efi"]
        );
        Assert.Contains("Signature verification: ok", text, StringComparison.Ordinal);
        Assert.Contains("Lab Image Factory SecureBoot signing key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Objdump_lists_the_sections()
    {
        await WriteAsync(
            "uki.efi",
            new LabUkiSpec { Architecture = TalosArchitecture.Amd64, Kind = LabUkiKind.Installer }
        );
        var text = await HostTool.RunAsync("objdump", "-h", _folder["uki.efi"]);
        Assert.Contains("pei-x86-64", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(".cmdline").Length - 1);
        Assert.Contains(".initrd", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_initrd_is_two_zstd_archives_and_the_second_lists_the_extensions()
    {
        var spec = new LabUkiSpec { Extensions = [LabLayer.IscsiTools, LabLayer.Tailscale] };
        var initrd = Sections(LabImages.Uki(spec)).Single(s => s.Name == ".initrd").Content;
        await File.WriteAllBytesAsync(_folder["initrd"], initrd, TestContext.Current.CancellationToken);
        var all = await HostTool.RunAsync("zstd", "-lv", _folder["initrd"]);
        Assert.Contains("Zstandard Frames: 2", all, StringComparison.Ordinal);
        var second = initrd.AsSpan(1).LastIndexOf((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) + 1;
        await File.WriteAllBytesAsync(_folder["layers.zst"], initrd[second..], TestContext.Current.CancellationToken);
        await HostTool.RunAsync("zstd", "-q", "-d", _folder["layers.zst"], "-o", _folder["layers.cpio"]);
        var list = await HostTool.RunAsync("bsdtar", "-tf", _folder["layers.cpio"]);
        Assert.StartsWith("0.sqsh\n1.sqsh\n2.sqsh\nextensions.yaml\n", list, StringComparison.Ordinal);
        await HostTool.RunAsync("bsdtar", "-xf", _folder["layers.cpio"], "-C", _folder.Path, "extensions.yaml");
        var yaml = await File.ReadAllTextAsync(_folder["extensions.yaml"], TestContext.Current.CancellationToken);
        Assert.Contains("        name: tailscale\n        version: 1.94.1\n", yaml, StringComparison.Ordinal);
        Assert.Contains($"        version: {spec.SchematicId}\n", yaml, StringComparison.Ordinal);
        Assert.Contains("                    - siderolabs/tailscale\n", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void The_schematic_of_an_image_has_the_published_id()
    {
        Assert.Equal("4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b", new LabUkiSpec().SchematicId);
        Assert.Equal(
            "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba",
            new LabUkiSpec { Extensions = [] }.SchematicId
        );
    }

    public void Dispose() => _folder.Dispose();

    private async Task WriteAsync(string name, LabUkiSpec spec) =>
        await File.WriteAllBytesAsync(_folder[name], LabImages.Uki(spec), TestContext.Current.CancellationToken);

    private static List<(string Name, byte[] Content)> Sections(byte[] image)
    {
        var pe = BitConverter.ToInt32(image, 0x3C);
        var count = BitConverter.ToUInt16(image, pe + 6);
        var table = pe + 24 + BitConverter.ToUInt16(image, pe + 20);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => table + (40 * i))
                .Select(o =>
                    (
                        Encoding.ASCII.GetString(image, o, 8).TrimEnd('\0'),
                        image.AsSpan(BitConverter.ToInt32(image, o + 20), BitConverter.ToInt32(image, o + 8)).ToArray()
                    )
                ),
        ];
    }
}
