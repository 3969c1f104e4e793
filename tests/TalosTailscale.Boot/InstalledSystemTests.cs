using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Tests.Lab.Images;

namespace TalosTailscale.Boot;

/// <summary>
/// The UKI of an installer ISO, rebuilt for an installed system, started by OVMF and systemd-boot with a real stub and a
/// real kernel: what the guest finds in /proc/cmdline counts.
/// </summary>
public sealed class InstalledSystemTests(ITestOutputHelper output)
{
    private const string Entry = "Talos-v1.12.4.efi";

    // no_timer_check: an emulated timer may come too late for the kernel on a busy machine.
    private const string Main =
        "talos.platform=metal console=ttyS0 quiet panic=-1 no_timer_check talos.halt_if_installed=1 init_on_alloc=1";
    private const string Reset = Main + " talos.experimental.wipe=system";

    [Fact]
    public async Task What_is_rebuilt_from_an_ISO_boots_without_the_halt_flag_and_without_the_reset_entry()
    {
        using var folder = new BenchFolder();
        byte[] installer = await InstallerAsync();
        string iso = await IsoAsync(folder, installer);
        UkiLocation place = Assert.Single(await UkiFinder.FindAsync(iso, TestContext.Current.CancellationToken));
        Assert.True((await place.ReadAsync(cancellationToken: TestContext.Current.CancellationToken)).HaltsIfInstalled);
        string rebuilt = folder.File("rebuilt.efi");

        UkiExport export = await UkiExporter.ExportAsync(
            place,
            rebuilt,
            true,
            false,
            SilentReporter.Instance,
            TestContext.Current.CancellationToken
        );
        string asItIs = await BootAsync(folder, installer);
        string afterwards = await BootAsync(
            folder,
            await File.ReadAllBytesAsync(rebuilt, TestContext.Current.CancellationToken)
        );

        output.WriteLine(
            $"as it is:  {asItIs}\nrebuilt:   {afterwards}\nremoved:   {string.Join(", ", export.Removed)}"
        );
        Assert.Contains("talos.halt_if_installed=1", asItIs, StringComparison.Ordinal);
        Assert.Equal(Main.Replace("talos.halt_if_installed=1 ", string.Empty, StringComparison.Ordinal), afterwards);
        Assert.True(export is { Rebuilt: true, Signed: false });
    }

    private static async Task<byte[]> InstallerAsync()
    {
        var guest = new Initramfs();
        guest.AddFolder("proc");
        guest.AddFolder("dev");
        guest.AddFile("bin/busybox", await File.ReadAllBytesAsync(BenchTools.Busybox));
        guest.AddFile(
            "init",
            Encoding.ASCII.GetBytes(
                "#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\n/bin/busybox mount -t devtmpfs dev /dev\n"
                    + "echo \"CMDLINE <$(/bin/busybox cat /proc/cmdline)>\" > /dev/ttyS0\n/bin/busybox sleep 1\n/bin/busybox reboot -f\n"
            )
        );
        byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
        return StubUki.Create(
            await File.ReadAllBytesAsync(BenchTools.Stub),
            [
                (".osrel", Text("NAME=\"Talos\"\nID=talos\nVERSION_ID=v1.12.4\nPRETTY_NAME=\"Talos (v1.12.4)\"\n")),
                (".cmdline", Text(Main)),
                (".uname", Text("6.18.9-talos")),
                (".linux", await File.ReadAllBytesAsync(BenchTools.Kernel)),
                (".initrd", guest.Build()),
                (".profile", Text("ID=main")),
                (".profile", Text("ID=reset\nTITLE=Reset system disk")),
                (".cmdline", Text(Reset)),
            ]
        );
    }

    private static async Task<string> IsoAsync(BenchFolder folder, byte[] uki)
    {
        string tree = folder.File("tree"),
            iso = folder.File("installer.iso");
        Directory.CreateDirectory(Path.Combine(tree, "EFI", "Linux"));
        await File.WriteAllBytesAsync(Path.Combine(tree, "EFI", "Linux", Entry), uki);
        await HostTool.RunAsync("xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", iso, tree);
        return iso;
    }

    // The command line that the guest sees; what firmware and kernel said where it did not come so far.
    private static async Task<string> BootAsync(BenchFolder folder, byte[] uki)
    {
        string disk = folder.File("disk.img"),
            variables = folder.File("vars.fd");
        var files = new Dictionary<string, byte[]>
        {
            ["EFI/BOOT/BOOTX64.EFI"] = await File.ReadAllBytesAsync(BenchTools.BootManager),
            ["loader/loader.conf"] = "timeout 0\n"u8.ToArray(),
            ["EFI/Linux/" + Entry] = uki,
        };
        await BenchDisk.WriteAsync(disk, files, 64 << 20);
        File.Copy(BenchTools.FirmwareVariables, variables, overwrite: true);
        string serial = await Machine.BootFirmwareAsync(disk, variables, folder.Path);
        int start = serial.IndexOf("CMDLINE <", StringComparison.Ordinal);
        int end = start < 0 ? -1 : serial.IndexOf('>', start);
        return end < 0 ? serial : serial[(start + 9)..end].Trim();
    }
}
