using System.Globalization;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Boot;

/// <summary>What comes after a power cut: it is seen as it is, and cleaned up without a new danger.</summary>
public class AfterCutTests(ITestOutputHelper output)
{
    private const int DisksPerGuest = 20;
    private static readonly bool s_long = Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_LONG") == "1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_read_after_a_cut_is_what_the_kernel_sees()
    {
        using var folder = new BenchFolder();
        KeyValuePair<string, byte[]>[] states = await CutAsync(folder, s_long ? int.MaxValue : DisksPerGuest);
        foreach (KeyValuePair<string, byte[]>[] some in states.Chunk(DisksPerGuest))
        {
            string[] disks = [.. some.Select((s, i) => folder.File($"cut{i}.img"))];
            for (int i = 0; i < some.Length; i++)
                await File.WriteAllBytesAsync(disks[i], some[i].Value, Ct);
            string[] lines =
            [
                .. disks.Select(
                    (_, i) =>
                        $"echo \"DISK {i}\" >/dev/ttyS0; $sh /esp.sh list /dev/vd{(char)('a' + i)} hash | grep -E '^(file|size|sha256|error)=' >/dev/ttyS0"
                ),
            ];
            string serial = await Machine.ReadGuestAsync(
                disks,
                SwapScenario.Guest(lines, GuestTools.Busybox),
                folder.Path
            );
            Assert.Contains("DONE", serial, StringComparison.Ordinal);
            for (int i = 0; i < some.Length; i++)
                await CompareAsync(some[i], Part(serial, i));
        }

        output.WriteLine($"{states.Length} states: the kernel, the program and Get-TalosEsp's reading agree");
    }

    [Fact]
    public async Task A_cut_in_the_clean_up_of_an_earlier_cut_leaves_an_image_that_boots()
    {
        using var folder = new BenchFolder();
        KeyValuePair<string, byte[]>[] states = await CutAsync(folder, int.MaxValue);
        var boots = new CutBoots(folder);
        int cuts = 0,
            cleaned = 0;
        foreach ((string state, byte[] disk) in states)
        {
            IReadOnlyList<string> commands = await NextRunAsync(disk);
            if (commands.Count == 0 || (!s_long && cleaned == 2))
                continue;
            cleaned++;
            (IReadOnlyList<DiskWrite> writes, _) = await PowerCutTests.RunAsync(
                folder,
                disk,
                commands.Select(SwapScenario.Line),
                GuestTools.BusyboxAndPerl,
                commands.Count
            );
            CutTally tally = await CutJudge.JudgeAsync(disk, writes, perWrite: s_long ? 8 : 4, seed: 5);
            cuts += tally.Distinct;
            Assert.True(tally.Bad.Count == 0, $"{state}: {string.Join("; ", tally.Bad)}");
            if (!s_long && cleaned == 2)
                continue;
            await boots.BootAsync(
                CutPoints.All(disk, writes, perWrite: s_long ? 8 : 4, seed: 5),
                writes,
                s_long ? 10 : 4
            );
        }

        output.WriteLine($"{cleaned} states cleaned up by the next run: {cuts} distinct cut points in that, 0 bad");
        output.WriteLine(boots.ToString());
        Assert.True(cuts >= 50);
        Assert.Empty(boots.Bad);
    }

    // The states that cuts of one swap leave, one disk of each.
    private async Task<KeyValuePair<string, byte[]>[]> CutAsync(BenchFolder folder, int limit)
    {
        SwapScenario scenario = await SwapScenario.RecordAsync();
        byte[] disk = await SwapScenario.DiskAsync(folder);
        (IReadOnlyList<DiskWrite> writes, _) = await PowerCutTests.RunAsync(
            folder,
            disk,
            scenario.Commands.Select(SwapScenario.Line),
            GuestTools.BusyboxAndPerl,
            scenario.Commands.Count
        );
        CutTally tally = await CutJudge.JudgeAsync(disk, writes, perWrite: s_long ? 40 : 4, seed: 4);
        output.WriteLine($"{tally.Distinct} distinct cut points leave {tally.States.Count} states of names");
        return [.. tally.States.OrderBy(s => s.Key, StringComparer.Ordinal).Take(limit)];
    }

    private static async Task<IReadOnlyList<string>> NextRunAsync(byte[] disk)
    {
        var shell = new ImageNodeShell(disk);
        await using var session = new EspSession(shell, "/dev/vda", SilentReporter.Instance);
        UkiSwapPlan plan = await session.PlanAsync(SwapScenario.Facts, SwapScenario.Source, SwapScenario.Options, Ct);
        if (plan.Changes)
            await session.SwapAsync(SwapScenario.Ungated(plan), SwapScenario.Source, Ct);
        else
            await session.PruneAsync(SwapScenario.Facts, dryRun: false, Ct);
        return shell.Changes;
    }

    private static async Task CompareAsync(KeyValuePair<string, byte[]> state, IReadOnlyList<string> seen)
    {
        var shell = new ImageNodeShell(state.Value);
        string[] read =
        [
            .. (await shell.ListAsync()).Where(l =>
                l.StartsWith("file=", StringComparison.Ordinal)
                || l.StartsWith("size=", StringComparison.Ordinal)
                || l.StartsWith("sha256=", StringComparison.Ordinal)
            ),
        ];
        Assert.Equal(Files(read), Files(seen));

        await using var session = new EspSession(shell, "/dev/vda", SilentReporter.Instance);
        EspInfo esp = await session.ReadAsync(SwapScenario.Facts, Ct);
        EspFile booted = Assert.Single(esp.Files, f => f.IsBooted);
        Assert.True(booted.BootsNext, state.Key);
        Assert.Equal(
            state.Key.Contains(SwapScenario.Entry + "=new", StringComparison.Ordinal) ? "new" : "old",
            SwapScenario.Labels[booted.Sha256!]
        );
        Assert.Equal(
            state.Key.Contains("(shared)", StringComparison.Ordinal),
            esp.Findings.Any(f =>
                f.Code == "SharedClusters" && f.Evidence.Contains("in common", StringComparison.Ordinal)
            )
        );
        Assert.Equal(
            esp.Files.Any(f => f.Role is EspFileRole.Staged or EspFileRole.Lock),
            esp.Findings.Any(f => f.Code == "Leftover")
        );
    }

    // Name, size and hash of each file; the kernel may give the names in another order.
    private static string[] Files(IEnumerable<string> lines)
    {
        var files = new List<string>();
        foreach (string line in lines)
        {
            if (line.StartsWith("file=", StringComparison.Ordinal))
                files.Add(line);
            else
                files[^1] += " " + line;
        }

        return [.. files.Order(StringComparer.Ordinal)];
    }

    private static string[] Part(string serial, int disk)
    {
        string mark = string.Create(CultureInfo.InvariantCulture, $"DISK {disk}");
        string[] lines = serial.ReplaceLineEndings("\n").Split('\n');
        return
        [
            .. lines
                .SkipWhile(l => l != mark)
                .Skip(1)
                .TakeWhile(l => !l.StartsWith("DISK ", StringComparison.Ordinal) && l != "DONE")
                .Where(l => l.Contains('=', StringComparison.Ordinal)),
        ];
    }
}
