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
        string[] layouts = s_long ? s_layouts : [.. s_layouts[..8], s_layouts[20], s_layouts[27]];

        // One machine for those with the same variables; a one-shot entry is gone after the first boot.
        foreach (var same in layouts.GroupBy(l => Parts(l)[1].Length > 0 ? l : Parts(l)[2]))
        {
            string[] some = [.. same];
            (string Predicted, string Booted)[] results = await RunAsync(some);
            for (int i = 0; i < some.Length; i++)
            {
                (string predicted, string booted) = results[i];
                output.WriteLine($"{(predicted == booted ? "as predicted" : "WRONG")}: {some[i]} -> {booted}");
                if (predicted != booted)
                    wrong.Add($"{some[i]}: predicted '{predicted}', booted '{booted}'");
            }
        }

        output.WriteLine($"{layouts.Length - wrong.Count} of {layouts.Length} layouts as predicted");
        Assert.Empty(wrong);
    }

    private static async Task<(string Predicted, string Booted)[]> RunAsync(string[] layouts)
    {
        using var folder = new BenchFolder();
        string[] disks = [.. layouts.Select((_, i) => folder.File($"disk{i}.img"))];
        var predicted = new List<string>();
        for (int i = 0; i < layouts.Length; i++)
            predicted.Add(await WriteAsync(layouts[i], disks[i]));
        string variables = folder.File("vars.fd");
        byte[] store = await File.ReadAllBytesAsync(BenchTools.FirmwareVariables);
        LoaderState state = State(layouts[0]);
        await File.WriteAllBytesAsync(
            variables,
            VariableStore.With(store, ("LoaderEntryOneShot", state.OneShot), ("LoaderEntryDefault", state.Default))
        );
        IReadOnlyList<string> said = await Machine.BootEachAsync(disks, variables, folder.Path);
        return [.. predicted.Zip(said.Select(Booted))];
    }

    // Gives back the file that is predicted to boot.
    private static async Task<string> WriteAsync(string layout, string disk)
    {
        LoaderState state = State(layout);
        var files = new Dictionary<string, byte[]>
        {
            ["EFI/BOOT/BOOTX64.EFI"] = await File.ReadAllBytesAsync(BenchTools.BootManager),
            ["loader/loader.conf"] = System.Text.Encoding.ASCII.GetBytes(state.LoaderConf!),
        };
        var boot = new List<BootFile>();
        foreach (string[] file in Parts(layout)[0].Split(' ').Select(f => f.Split(':')))
        {
            string name = file[0].Contains(".efi.", StringComparison.Ordinal) ? file[0] : file[0] + ".efi";
            string osRelease = $"NAME=\"Talos\"\nID=talos\nVERSION_ID={file[1]}\nPRETTY_NAME=\"Talos ({file[1]})\"\n";
            byte[] program =
                file[1] == "-"
                    ? EfiProgram.Create($"BOOTED <{name}>", 0)
                    : EfiProgram.Create($"BOOTED <{name}>", 0, (".osrel", osRelease), (".cmdline", "quiet"));
            files["EFI/Linux/" + name] = program;
            boot.Add(
                await BootFileReader.ReadAsync(name, new MemoryStream(program), TestContext.Current.CancellationToken)
            );
        }

        await BenchDisk.WriteAsync(disk, files, 8 << 20);
        return BootPredictor.Predict(boot, state).Entry?.FileName ?? "(nothing)";
    }

    private static LoaderState State(string layout)
    {
        string[] parts = Parts(layout);
        string conf = "timeout 0\n" + (parts[3].Length > 0 ? $"default {parts[3]}\n" : "");
        return new LoaderState
        {
            OneShot = Null(parts[1]),
            Default = Null(parts[2]),
            LoaderConf = conf,
        };
    }

    private static string Booted(string serial)
    {
        int start = serial.IndexOf("BOOTED <", StringComparison.Ordinal);
        return start < 0 ? "(nothing)" : serial[(start + 8)..serial.IndexOf('>', start)];
    }

    private static string[] Parts(string layout) => [.. layout.Split('|').Select(p => p.Trim())];

    private static string? Null(string text) => text.Length == 0 ? null : text;
}
