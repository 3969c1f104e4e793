using System.Globalization;
using System.Security.Cryptography;

namespace TalosTailscale.Boot;

public class GuestKillTests(ITestOutputHelper output)
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_LONG") == "1";

    [Fact]
    public async Task A_guest_killed_at_a_random_instant_has_the_old_or_the_new_image()
    {
        using var folder = new BenchFolder();
        SwapScenario scenario = await SwapScenario.RecordAsync();
        byte[] disk = await SwapScenario.DiskAsync(folder);
        byte[] guest = SwapScenario.Guest(scenario.Commands.Select(SwapScenario.Line), GuestTools.DefaultImage);
        string path = folder.File("disk.img");
        var tally = new CutTally();
        var killed = new List<byte[]>();
        var random = new Random(7);
        int kills = s_long ? 30 : 2,
            early = 0;
        for (int i = 0; i < kills; i++)
        {
            await File.WriteAllBytesAsync(path, disk, TestContext.Current.CancellationToken);
            int step = random.Next(-1, scenario.Commands.Count - 1);
            string word = step < 0 ? "BEGIN" : string.Create(CultureInfo.InvariantCulture, $"STEP {step} ");
            string serial = await Machine.KillGuestAsync(
                path,
                guest,
                word,
                TimeSpan.FromMilliseconds(random.Next(150)),
                folder.Path
            );
            Assert.Contains(word, serial, StringComparison.Ordinal); // else it was killed for its slowness, before the swap
            if (!serial.Contains("DONE", StringComparison.Ordinal))
                early++;
            tally.Cuts++;
            killed.Add(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
            await CutJudge.LookAsync(killed[^1], tally);
        }

        output.WriteLine(
            $"{kills} guests killed, {early} of them before the end of the swap; {tally.States.Count} states of names; {tally.Bad.Count} bad"
        );
        Assert.Empty(tally.Bad);

        var boots = new CutBoots(folder);
        await boots.BootAsync(killed.DistinctBy(d => Convert.ToHexString(SHA256.HashData(d))));
        output.WriteLine(boots.ToString());
        Assert.Empty(boots.Bad);
    }
}
