using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Boot;

/// <summary>Which old images a swap keeps, and for how long.</summary>
public sealed class BackupTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2024, 11, 22, 16, 45, 0, TimeSpan.Zero);
    private const string Backup = "Talos-v1.12.4.efi.bak.20241122T164500Z";
    private readonly EspFolder _esp = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_third_image_leaves_one_backup()
    {
        await SwapAsync(EspFolder.New);
        _esp.Write("Talos-v1.12.4.efi.bak.1763800000", [1]);

        UkiSwapResult result = await SwapAsync(Image(1), hours: 1);

        Assert.Equal([Backup], result.Removed);
        Assert.Equal(
            [EspFolder.Entry, "Talos-v1.12.4.efi.bak.1763800000", "Talos-v1.12.4.efi.bak.20241122T174500Z"],
            _esp.Names()
        );
        Assert.Equal(EspFolder.New, _esp.Read("Talos-v1.12.4.efi.bak.20241122T174500Z"));
    }

    [Fact]
    public async Task The_image_that_runs_is_kept_until_a_reboot_however_many_swaps_are_made()
    {
        SwapNodeFacts facts = EspFolder.Facts with { BootTime = s_now.AddDays(-1) };
        await SwapAsync(EspFolder.New, facts);
        for (int i = 1; i <= 2; i++)
        {
            await SwapAsync(Image(i), facts, hours: i);
            Assert.Equal(EspFolder.Old, _esp.Read(Backup));
            Assert.Equal(3, _esp.Names().Length);
        }

        await using (EspSession session = Open())
            Assert.Empty(await session.PruneAsync(facts, dryRun: true, Ct));

        // Back to what runs: nobody needs a second copy of it.
        UkiSwapResult back = await SwapAsync(EspFolder.Old, facts, hours: 3);
        Assert.Contains(Backup, back.Removed);
        Assert.Equal([EspFolder.Entry, back.Backup], _esp.Names());
    }

    [Fact]
    public async Task None_goes_while_nobody_knows_which_one_runs()
    {
        SwapNodeFacts facts = EspFolder.Facts with { BootTime = new FactLoss("The boot time", "no answer in time") };
        await SwapAsync(EspFolder.New, facts);
        for (int i = 1; i <= 2; i++)
            Assert.Empty((await SwapAsync(Image(i), facts, hours: i)).Removed);

        Assert.Equal(EspFolder.Old, _esp.Read(Backup));
        await using EspSession session = Open();
        Assert.Empty(await session.PruneAsync(facts, dryRun: false, Ct));
        Assert.Equal(4, _esp.Names().Length);
    }

    [Theory]
    [InlineData(5)] // started anew since
    [InlineData(-60 * 24 * 365)] // the backup is of a time that is yet to come
    public async Task Otherwise_it_goes_as_every_backup_does(int bootMinutes)
    {
        await SwapAsync(EspFolder.New);
        SwapNodeFacts facts = EspFolder.Facts with { BootTime = s_now.AddMinutes(bootMinutes) };
        UkiSwapResult result = await SwapAsync(Image(1), facts, hours: bootMinutes < 0 ? -1 : 1);
        Assert.Equal([Backup], result.Removed);
    }

    [Theory]
    [InlineData("Talos-v1.12.4.efi.bak.20241122T164500Z", 0)]
    [InlineData("Talos-v1.12.4.efi.bak.20241122t164500z", 0)]
    [InlineData("Talos-v1.12.4.efi.bak.20249999T164500Z", null)]
    [InlineData("Talos-v1.12.4.efi.new-0123456789ab", null)]
    public void A_backup_says_when_it_was_made(string name, int? minutes) =>
        Assert.Equal(minutes is { } m ? s_now.AddMinutes(m) : null, EspNames.MadeAt(name));

    public void Dispose() => _esp.Dispose();

    private static byte[] Image(int number) => LabImages.Uki(new LabUkiSpec { Size = 410_000 + number });

    private EspSession Open() =>
        new(new FolderNodeShell(ShellKind.Dash, _esp.Root), "/dev/vda", SilentReporter.Instance);

    private async Task<UkiSwapResult> SwapAsync(byte[] image, SwapNodeFacts? facts = null, int hours = 0)
    {
        facts ??= EspFolder.Facts;
        UkiSwapSource source = await EspFolder.SourceAsync(image);
        var options = new UkiSwapOptions
        {
            Now = s_now.AddHours(hours),
            Skip = Enum.GetValues<UkiSwapGate>().ToHashSet(),
        };
        await using EspSession session = Open();
        UkiSwapPlan plan = await session.PlanAsync(facts, source, options, Ct);
        return await session.SwapAsync(plan, source, Ct);
    }
}
