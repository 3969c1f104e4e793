using TalosTailscale.Core.Boot;
using TalosTailscale.Tests.Lab.Images;

namespace TalosTailscale.Boot;

public class BootPredictionTests(ITestOutputHelper output)
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_LONG") == "1";

    // Files with their versions | LoaderEntryOneShot | LoaderEntryDefault | default of loader.conf
    private static readonly string[] s_layouts =
    [
        "A:v1.12.4 |||",
        "A:v1.12.4 A~1:v1.12.4 |||",
        "A~1:v1.12.4 A~2:v1.12.4 |||",
        "A~9:v1.12.4 A~10:v1.12.4 |||",
        "A:v1.12.4 B:v1.13.0 |||",
        "B:v1.9.9 A:v1.10.0 |||",
        "Z:v1.12.3 A:v1.12.4 |||",
        "A:v1.12.4 B:v1.12.4 |||",
        "A:v1.12.4 A~1:v1.12.4 || a~1.efi |",
        "A:v1.12.4 A~1:v1.12.4 || A~1.EFI |",
        "A:v1.12.4 A~1:v1.12.4 || a~* |",
        "A:v1.12.4 A~1:v1.12.4 || a~?.efi |",
        "A:v1.12.4 A~1:v1.12.4 A~2:v1.12.4 || a~[13].efi |",
        "A:v1.12.4 A~1:v1.12.4 || gone.efi |",
        "A:v1.12.4 A~1:v1.12.4 || gone.efi | a~1.efi",
        "A:v1.12.4 A~1:v1.12.4 ||| a~1.efi",
        "A:v1.12.4 A~1:v1.12.4 ||| A~1*",
        "A:v1.12.4 A~1:v1.12.4 || a.efi | a~1.efi",
        "A:v1.12.4 A~1:v1.12.4 | a~1.efi ||",
        "A:v1.12.4 A~1:v1.12.4 | a~1.efi | a.efi |",
        "A:v1.12.4 A~1:v1.12.4 A~2:v1.12.4 | a~2.efi | a~1.efi | a.efi",
        "A:v1.12.4 A~1:v1.12.4 | gone.efi | a~1.efi |",
        "A:v1.12.4 A~1:v1.12.4 | gone.efi | gone.efi | gone.efi",
        "A:v1.12.4 B:v1.13.0 || a.efi |",
        "A:v1.12.4 B:v1.13.0 ||| a*",
        "A:v1.12.4 B:v1.13.0 | a.efi ||",
        "A:v1.12.4 B+3:v1.13.0 |||",
        "A:v1.12.4 B+0-3:v1.13.0 |||",
        "A:v1.12.4 B+0:v1.13.0 |||",
        "A:v1.12.4 B+2-1:v1.13.0 |||",
        "A+0-1:v1.12.4 B+0-3:v1.13.0 |||",
        "A:v1.12.4 B+0-3:v1.13.0 || b+0-3.efi |",
        "A:v1.12.4 auto-B:v1.13.0 |||",
        "A:v1.12.4 .B:v1.13.0 |||",
        "A:v1.12.4 B.efi.bak.20261122T164500Z:v1.13.0 |||",
        "A:v1.12.4 B.efi.disabled.20261122T164500Z:v1.13.0 | b.efi ||",
        "A:v1.12.4 B.efi.new-0123456789ab:v1.13.0 |||",
        "A:v1.12.4 B:- |||",
        "A:v1.12.4 B:v1.13.0-beta.0 |||",
        "A:v1.13.0 B:v1.13.0-beta.0 |||",
        "A:v1.12.4~1 B:v1.12.4 |||",
        "Talos-v1.12.4:v1.12.4 Talos-v1.12.4~1:v1.12.4 Talos-v1.13.0:v1.13.0 || Talos-v1.12.4.efi |",
        "Talos-v1.12.4:v1.12.4 Talos-v1.12.4~1:v1.12.4 || Talos-v1.12.4~1.efi |",
        "Talos-v1.12.4~1:v1.12.4 Talos-v1.11.0:v1.11.0 || Talos-v1.12.4.efi |",
    ];

    [Fact]
    public async Task The_prediction_is_what_OVMF_and_systemd_boot_start()
    {
        var wrong = new List<string>();
        string[] layouts = s_long ? s_layouts : [s_layouts[1], s_layouts[20], s_layouts[27]];
        foreach (string layout in layouts)
        {
            (string predicted, string booted) = await RunAsync(layout);
            output.WriteLine($"{(predicted == booted ? "as predicted" : "WRONG")}: {layout} -> {booted}");
            if (predicted != booted) wrong.Add($"{layout}: predicted '{predicted}', booted '{booted}'");
        }

        output.WriteLine($"{layouts.Length - wrong.Count} of {layouts.Length} layouts as predicted");
        Assert.Empty(wrong);
    }

    private static async Task<(string Predicted, string Booted)> RunAsync(string layout)
    {
        using var folder = new BenchFolder();
        string[] parts = [.. layout.Split('|').Select(p => p.Trim())];
        string conf = "timeout 0\n" + (parts[3].Length > 0 ? $"default {parts[3]}\n" : "");
        var state = new LoaderState { OneShot = Null(parts[1]), Default = Null(parts[2]), LoaderConf = conf };
        var files = new Dictionary<string, byte[]>
        {
            ["EFI/BOOT/BOOTX64.EFI"] = await File.ReadAllBytesAsync(BenchTools.BootManager),
            ["loader/loader.conf"] = System.Text.Encoding.ASCII.GetBytes(conf),
        };
        var boot = new List<BootFile>();
        foreach (string[] file in parts[0].Split(' ').Select(f => f.Split(':')))
        {
            string name = file[0].Contains(".efi.", StringComparison.Ordinal) ? file[0] : file[0] + ".efi";
            string osRelease = $"NAME=\"Talos\"\nID=talos\nVERSION_ID={file[1]}\nPRETTY_NAME=\"Talos ({file[1]})\"\n";
            byte[] program = file[1] == "-"
                ? EfiProgram.Create($"BOOTED <{name}>", 0)
                : EfiProgram.Create($"BOOTED <{name}>", 0, (".osrel", osRelease), (".cmdline", "quiet"));
            files["EFI/Linux/" + name] = program;
            boot.Add(await BootFileReader.ReadAsync(name, new MemoryStream(program), TestContext.Current.CancellationToken));
        }

        string disk = folder.File("disk.img"), variables = folder.File("vars.fd");
        await BenchDisk.WriteAsync(folder, disk, files, 8 << 20);
        byte[] store = await File.ReadAllBytesAsync(BenchTools.FirmwareVariables);
        await File.WriteAllBytesAsync(variables, VariableStore.With(store, ("LoaderEntryOneShot", state.OneShot), ("LoaderEntryDefault", state.Default)));
        string serial = await Machine.BootFirmwareAsync(disk, variables, folder.Path);
        int start = serial.IndexOf("BOOTED <", StringComparison.Ordinal);
        string booted = start < 0 ? "(nothing)" : serial[(start + 8)..serial.IndexOf('>', start)];
        return (BootPredictor.Predict(boot, state).Entry?.FileName ?? "(nothing)", booted);
    }

    private static string? Null(string text) => text.Length == 0 ? null : text;
}
