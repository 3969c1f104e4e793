using System.Globalization;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Boot;

public class PowerCutTests(ITestOutputHelper output)
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_LONG") == "1";

    /// <summary>Exchanging names or, where neither perl nor a newer mv is there, replacing in order.</summary>
    [Theory]
    [InlineData(GuestTools.DefaultImage)]
    [InlineData(GuestTools.BusyboxAndPerl)]
    [InlineData(GuestTools.Busybox)]
    public async Task After_a_cut_at_any_write_the_old_or_the_new_image_is_there_and_boots(GuestTools tools)
    {
        using var folder = new BenchFolder();
        SwapScenario scenario = await SwapScenario.RecordAsync();
        byte[] disk = await SwapScenario.DiskAsync(folder);
        (IReadOnlyList<DiskWrite> writes, string serial) = await RunAsync(
            folder,
            disk,
            scenario.Commands.Select(SwapScenario.Line),
            tools,
            expectSteps: scenario.Commands.Count
        );
        Assert.True(
            serial.Contains(
                tools == GuestTools.Busybox ? "method=replace" : "method=exchange",
                StringComparison.Ordinal
            ),
            serial
        );

        CutTally tally = await CutJudge.JudgeAsync(disk, writes, perWrite: s_long ? 80 : 14, seed: 1);

        output.WriteLine($"{writes.Count(w => w.Data.Length > 0)} writes, {writes.Count(w => w.Flush)} flushes");
        output.WriteLine(
            $"{tally.Cuts} cut points, {tally.Distinct} distinct, {tally.States.Count} states of names, {tally.Shared} with two names on one chain, {tally.Broken.Count} with a folder that breaks off, {tally.Bad.Count} bad"
        );
        Assert.Empty(tally.Bad);
        Assert.True(tally.Distinct >= (s_long ? 300 : 120));
        Assert.Empty(tally.Broken);

        var boots = new CutBoots(folder);
        if (s_long)
            await boots.BootAsync(CutPoints.InOrder(disk, writes), writes);
        int afterWrites = boots.Booted;
        await boots.BootAsync(
            CutPoints.All(disk, writes, perWrite: s_long ? 80 : 14, seed: 1),
            writes,
            s_long ? 600 - afterWrites : 6
        );
        output.WriteLine($"{boots}; {afterWrites} of them after one write each");
        Assert.Empty(boots.Bad);
        Assert.True(boots.Booted >= (s_long ? 300 : 6));
    }

    /// <summary>With clusters of 512 bytes EFI/Linux has 16 slots for names, and has to grow for those of a swap.</summary>
    [Fact]
    public async Task A_swap_for_which_the_folder_has_to_grow_is_refused_since_a_cut_could_take_everything()
    {
        using var folder = new BenchFolder();
        SwapScenario scenario = await SwapScenario.RecordAsync();
        byte[] disk = await SwapScenario.DiskAsync(folder, sectorsPerCluster: 1);
        await using var session = new EspSession(new ImageNodeShell(disk), "/dev/vda", SilentReporter.Instance);
        UkiSwapPlan plan = await session.PlanAsync(
            SwapScenario.Facts,
            SwapScenario.Source,
            SwapScenario.Options,
            TestContext.Current.CancellationToken
        );
        UkiSwapGateResult space = plan.Gates.Single(g => g.Gate == UkiSwapGate.Space);
        output.WriteLine($"refused: {space.Evidence}");
        Assert.Contains("free name slots", space.Evidence, StringComparison.Ordinal);

        (IReadOnlyList<DiskWrite> writes, _) = await RunAsync(
            folder,
            disk,
            scenario.Commands.Select(SwapScenario.Line),
            GuestTools.BusyboxAndPerl,
            expectSteps: scenario.Commands.Count
        );
        CutTally tally = await CutJudge.JudgeAsync(disk, writes, perWrite: 60, seed: 1);
        output.WriteLine(
            $"done all the same: {tally.Distinct} distinct cut points, {tally.Broken.Count} with a folder that breaks off"
        );
        if (!s_long)
            return;
        Assert.NotEmpty(tally.Broken);
        await File.WriteAllBytesAsync(folder.File("boot.img"), tally.Broken[0], TestContext.Current.CancellationToken);
        File.Copy(BenchTools.FirmwareVariables, folder.File("vars.fd"));
        string said = (await Machine.BootEachAsync([folder.File("boot.img")], folder.File("vars.fd"), folder.Path))[0];
        Assert.DoesNotMatch("BOOTED (old|new)", said);
    }

    [Fact]
    public async Task A_naive_swap_reaches_both_bad_orders()
    {
        using var folder = new BenchFolder();
        string entry = "/mnt/EFI/Linux/" + SwapScenario.Entry;
        string[] copyOver =
        [
            "step mount -t vfat /dev/vda /mnt",
            $"step cp /new.img {entry}",
            "step sync",
            "step umount /mnt",
        ];
        string[] renameOver =
        [
            "step mount -t vfat /dev/vda /mnt",
            $"step cp /new.img {entry}.tmp",
            "step sync",
            $"step mv -f {entry}.tmp {entry}",
            "step sync",
            "step umount /mnt",
        ];
        byte[] disk = await SwapScenario.DiskAsync(folder);
        (IReadOnlyList<DiskWrite> copied, _) = await RunAsync(
            folder,
            disk,
            copyOver,
            GuestTools.Busybox,
            copyOver.Length
        );
        (IReadOnlyList<DiskWrite> renamed, _) = await RunAsync(
            folder,
            disk,
            renameOver,
            GuestTools.Busybox,
            renameOver.Length
        );
        CutTally copy = await CutJudge.JudgeAsync(disk, copied, perWrite: s_long ? 50 : 12, seed: 3);
        CutTally rename = await CutJudge.JudgeAsync(CutPoints.InOrder(disk, renamed, most: 8), renamed);
        CutTally shuffled = await CutJudge.JudgeAsync(
            CutPoints.Reordered(disk, renamed, perWrite: s_long ? 100 : 40, seed: 2),
            renamed
        );

        output.WriteLine(
            $"copy over: {copy.Bad.Count} bad of {copy.Distinct}; rename over: {rename.Bad.Count} bad of {rename.Distinct}, reordered {shuffled.Bad.Count} bad of {shuffled.Distinct}"
        );
        output.WriteLine($"two names on one chain: {rename.Shared + shuffled.Shared}");
        Assert.NotEmpty(copy.Bad);
        Assert.NotEmpty(rename.Bad.Concat(shuffled.Bad));
        // One or two orders in a thousand share a chain: only the long version draws enough of them to insist.
        if (s_long)
            Assert.True(rename.Shared + shuffled.Shared > 0);
    }

    internal static async Task<(IReadOnlyList<DiskWrite> Writes, string Serial)> RunAsync(
        BenchFolder folder,
        byte[] disk,
        IEnumerable<string> lines,
        GuestTools tools,
        int expectSteps,
        byte[]? image = null
    )
    {
        string path = folder.File("disk.img"),
            log = folder.File("log.img");
        await File.WriteAllBytesAsync(path, disk);
        string serial = await Machine.RunGuestAsync(path, log, SwapScenario.Guest(lines, tools, image), folder.Path);
        Assert.Contains("DONE", serial, StringComparison.Ordinal);
        for (int i = 0; i < expectSteps; i++)
            Assert.True(
                serial.Contains(string.Create(CultureInfo.InvariantCulture, $"STEP {i} 0 "), StringComparison.Ordinal),
                serial
            );
        return (WriteLog.Read(log), serial);
    }
}
