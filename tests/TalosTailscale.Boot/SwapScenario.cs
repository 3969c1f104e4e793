using System.Security.Cryptography;
using System.Text;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Tests.Boot;

namespace TalosTailscale.Boot;

/// <summary>
/// A swap with everything that it can have to do: a leftover to remove, a transfer, the exchange, a duplicate to take out
/// of the menu, an older backup to prune. Recorded from the real executor, to be played by the guest's kernel.
/// </summary>
internal sealed class SwapScenario
{
    public const string Entry = "Talos-v1.12.4.efi";
    private const string Device = "/dev/vda";
    private const int Size = 2_600_000;

    private SwapScenario(IReadOnlyList<string> commands) => Commands = commands;

    public static byte[] Old { get; } = Uki("BOOTED old");

    public static byte[] New { get; } = Uki("BOOTED new");

    public static IReadOnlyDictionary<string, string> Labels { get; } =
        new Dictionary<string, string> { [Hash(Old)] = "old", [Hash(New)] = "new" };

    public static SwapNodeFacts Facts { get; } =
        new()
        {
            Node = "guest",
            BootedEntry = Entry,
            Variables = LoaderState.Empty,

            // No backup is of this boot, and the entry is what runs: every older backup may go.
            BootId = "b0070000-0000-4000-8000-000000000001",
            TalosVersion = "v1.12.4",
        };

    public static UkiSwapOptions Options { get; } = new() { Skip = Enum.GetValues<UkiSwapGate>().ToHashSet() };

    /// <summary>
    /// A plan without its gates, of which some let nothing pass: the guest is no node that could answer them, and its
    /// images boot on a word and hold no Talos.
    /// </summary>
    public static UkiSwapPlan Ungated(UkiSwapPlan plan) => plan with { Gates = [] };

    public static UkiSwapSource Source { get; } =
        new(
            new UkiInfo
            {
                Name = Entry,
                Version = "v1.12.4",
                Size = New.Length,
                Sha256 = Hash(New),
            },
            _ => Task.FromResult<Stream>(new MemoryStream(New))
        );

    /// <summary>The sub-commands in the order of the executor.</summary>
    public IReadOnlyList<string> Commands { get; }

    public static async Task<SwapScenario> RecordAsync()
    {
        string folder = Directory.CreateTempSubdirectory("ts-scenario-").FullName;
        try
        {
            string esp = Path.Combine(folder, "esp");
            foreach ((string path, byte[] content) in Files())
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(esp, path))!);
                await File.WriteAllBytesAsync(Path.Combine(esp, path), content);
            }

            var shell = new FolderNodeShell(ShellKind.Dash, esp);
            await using var session = new EspSession(shell, Device, SilentReporter.Instance);
            UkiSwapPlan plan = await session.PlanAsync(Facts, Source, Options, TestContext.Current.CancellationToken);
            int reading = shell.Commands.Count;
            UkiSwapResult result = await session.SwapAsync(
                Ungated(plan),
                Source,
                TestContext.Current.CancellationToken
            );
            Assert.Equal(2, result.Removed.Count);
            return new SwapScenario([.. shell.Commands.Skip(reading)]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The partition before the swap.</summary>
    public static async Task<byte[]> DiskAsync(BenchFolder folder, int sectorsPerCluster = 8)
    {
        string disk = folder.File("empty.img");
        Dictionary<string, byte[]> files = Files();
        files["EFI/BOOT/BOOTX64.EFI"] = await File.ReadAllBytesAsync(BenchTools.BootManager);
        await BenchDisk.WriteAsync(disk, files, 20 << 20, sectorsPerCluster);
        return await File.ReadAllBytesAsync(disk);
    }

    /// <summary>A guest that carries out lines of shell and says how each ended.</summary>
    public static byte[] Guest(IEnumerable<string> lines, GuestTools tools, byte[]? image = null)
    {
        var root = new Initramfs();
        root.AddFile("bin/busybox", File.ReadAllBytes(BenchTools.Busybox));
        foreach (string module in BenchTools.Modules())
            root.AddFile("modules/" + Path.GetFileName(module), File.ReadAllBytes(module));
        foreach (string file in tools == GuestTools.BusyboxAndPerl ? BenchTools.Perl() : [])
            root.AddFile(file[1..], File.ReadAllBytes(file));
        foreach ((string path, byte[] content) in tools == GuestTools.DefaultImage ? BenchTools.Image() : [])
            root.AddFile(path, content);
        foreach (string folder in (string[])["proc", "sys", "dev", "tmp", "mnt"])
            root.AddFolder(folder);
        root.AddFile("esp.sh", EspProgram.Text.ToArray());
        root.AddFile("new.img", image ?? New);
        var script = new StringBuilder(
            "#!/bin/busybox sh\n/bin/busybox --install -s /bin\nexport PATH=/usr/bin:/bin\n"
        );
        // Busybox's shell would take its own applets, whatever lies in the path.
        script.Append(null, $"sh={(tools == GuestTools.DefaultImage ? "/usr/bin/sh" : "/bin/sh")}\n");
        script.Append("mount -t proc proc /proc\nmount -t devtmpfs dev /dev\n");
        foreach (string module in BenchTools.Modules())
            script.Append(null, $"insmod /modules/{Path.GetFileName(module)} >/dev/ttyS0 2>&1\n");
        script.Append(
            "echo BEGIN >/dev/ttyS0\nn=0\nstep() { \"$@\" >/tmp/out 2>&1; echo \"STEP $n $? $*\" >/dev/ttyS0; grep -E '^(error|message|method|exchange)=' /tmp/out >/dev/ttyS0; n=$((n+1)); }\n"
        );
        foreach (string line in lines)
            script.Append(line).Append('\n');
        script.Append("echo DONE >/dev/ttyS0\npoweroff -f\n");
        root.AddFile("init", Encoding.UTF8.GetBytes(script.ToString()));
        return root.Build();
    }

    /// <summary>A recorded sub-command as a line of the guest's script.</summary>
    public static string Line(string command)
    {
        string words = string.Join(' ', command.Split(' ').Select(w => $"'{w}'"));
        if (!command.StartsWith("stage ", StringComparison.Ordinal))
            return $"step $sh /esp.sh {words} </dev/null";
        string offset = command.Split(' ')[^1];
        return $"tail -c +$(({offset} + 1)) /new.img >/tmp/rest.img; step $sh /esp.sh {words} </tmp/rest.img";
    }

    private static Dictionary<string, byte[]> Files() =>
        new()
        {
            ["loader/loader.conf"] = "timeout 0\n"u8.ToArray(),
            ["EFI/Linux/" + Entry] = Old,
            ["EFI/Linux/Talos-v1.12.4~1.efi"] = EfiProgram.Create(
                "BOOTED duplicate",
                300_000,
                (".osrel", OsRelease),
                (".cmdline", "quiet"),
                (".initrd", "none")
            ),
            ["EFI/Linux/" + Entry + ".bak.20200101T000000Z"] = [.. Enumerable.Repeat((byte)7, 200_000)],
            ["EFI/Linux/" + Entry + ".new-aaaaaaaaaaaa"] = [.. Enumerable.Repeat((byte)9, 150_000)],
        };

    private const string OsRelease = "NAME=\"Talos\"\nID=talos\nVERSION_ID=v1.12.4\nPRETTY_NAME=\"Talos (v1.12.4)\"\n";

    private static byte[] Uki(string line) =>
        EfiProgram.Create(line, Size, (".osrel", OsRelease), (".cmdline", "quiet"), (".initrd", "none"));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
