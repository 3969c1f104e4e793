using System.Text;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Boot;

/// <summary>
/// A unified kernel image with a real stub, kernel and initial file system, whose init does with its command line what
/// Talos does before it loads its configuration (siderolabs/talos, <c>haltIfInstalled</c>).
/// </summary>
public class InstallerUkiTests(ITestOutputHelper output)
{
    private const string CommandLine = "talos.platform=metal console=ttyS0 quiet panic=-1 no_timer_check";
    private const string OsRelease = "NAME=\"Talos\"\nID=talos\nVERSION_ID=v1.12.4\nPRETTY_NAME=\"Talos (v1.12.4)\"\n";

    private const string Init = """
        #!/bin/busybox sh
        /bin/busybox mount -t proc proc /proc
        /bin/busybox mount -t devtmpfs dev /dev
        case " $(/bin/busybox cat /proc/cmdline) " in
          *" talos.halt_if_installed=1 "*) echo "HALTED Talos is already installed to disk but booted from another media" >/dev/ttyS0 ;;
          *) echo "BOOTED running" >/dev/ttyS0 ;;
        esac
        /bin/busybox poweroff -f
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_installer_image_forced_in_past_the_gate_starts_and_halts()
    {
        using var folder = new BenchFolder();
        byte[] installer = await UkiAsync(CommandLine + " talos.halt_if_installed=1");
        string path = folder.File("esp.img");
        await BenchDisk.WriteAsync(
            path,
            new Dictionary<string, byte[]>
            {
                ["EFI/BOOT/BOOTX64.EFI"] = await File.ReadAllBytesAsync(BenchTools.BootManager, Ct),
                ["loader/loader.conf"] = "timeout 0\n"u8.ToArray(),
                ["EFI/Linux/" + SwapScenario.Entry] = SwapScenario.Old,
            },
            96 << 20
        );
        byte[] disk = await File.ReadAllBytesAsync(path, Ct);
        UkiInfo uki = await UkiReader.ReadAsync(
            new MemoryStream(installer),
            new UkiReadOptions { Extensions = false },
            Ct
        );
        var source = new UkiSwapSource(uki, _ => Task.FromResult<Stream>(new MemoryStream(installer)));

        var shell = new ImageNodeShell(disk, uki.Sha256);
        await using var session = new EspSession(shell, "/dev/vda", SilentReporter.Instance);
        UkiSwapPlan refused = await session.PlanAsync(SwapScenario.Facts, source, new UkiSwapOptions(), Ct);
        Assert.Contains(refused.Gates, g => g.Gate == UkiSwapGate.HaltFlag && g.Status == UkiSwapGateStatus.Refused);
        await session.SwapAsync(
            SwapScenario.Ungated(await session.PlanAsync(SwapScenario.Facts, source, SwapScenario.Options, Ct)),
            source,
            Ct
        );
        await PowerCutTests.RunAsync(
            folder,
            disk,
            shell.Changes.Select(SwapScenario.Line),
            GuestTools.DefaultImage,
            shell.Changes.Count,
            installer
        );

        File.Copy(BenchTools.FirmwareVariables, folder.File("vars.fd"));
        string said = await Machine.BootFirmwareAsync(folder.File("disk.img"), folder.File("vars.fd"), folder.Path);
        output.WriteLine(said[Math.Max(0, said.IndexOf("HALTED", StringComparison.Ordinal))..].Split('\n')[0]);
        Assert.Contains("HALTED Talos is already installed to disk", said, StringComparison.Ordinal);
        Assert.DoesNotContain("BOOTED", said, StringComparison.Ordinal);
    }

    private static async Task<byte[]> UkiAsync(string commandLine)
    {
        var root = new Initramfs();
        root.AddFile("bin/busybox", await File.ReadAllBytesAsync(BenchTools.Busybox, Ct));
        root.AddFolder("proc");
        root.AddFolder("dev");
        root.AddFile("init", Encoding.UTF8.GetBytes(Init.ReplaceLineEndings("\n")));
        return StubUki.Create(
            await File.ReadAllBytesAsync(BenchTools.Stub, Ct),
            [
                (".osrel", Encoding.UTF8.GetBytes(OsRelease)),
                (".cmdline", Encoding.UTF8.GetBytes(commandLine)),
                (".linux", await File.ReadAllBytesAsync(BenchTools.Kernel, Ct)),
                (".initrd", root.Build()),
            ]
        );
    }
}
