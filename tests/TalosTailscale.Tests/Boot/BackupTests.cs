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
    private const string Backup = "Talos-v1.12.4.efi.bak.20241122T164500Z-0b007000";
    private static readonly SwapNodeFacts s_restarted = EspFolder.Facts with
    {
        BootId = "0b007001-0000-4000-8000-000000000001",
    };
    private readonly EspFolder _esp = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_third_image_leaves_one_backup()
    {
        await SwapAsync(EspFolder.New);
        _esp.Write("Talos-v1.12.4.efi.bak.1763800000", [1]);

        UkiSwapResult result = await SwapAsync(Image(1), s_restarted, hours: 1);

        Assert.Equal([Backup], result.Removed);
        Assert.Equal(
            [EspFolder.Entry, "Talos-v1.12.4.efi.bak.1763800000", "Talos-v1.12.4.efi.bak.20241122T174500Z-0b007001"],
            _esp.Names()
        );
        Assert.Equal(EspFolder.New, _esp.Read("Talos-v1.12.4.efi.bak.20241122T174500Z-0b007001"));
    }

    [Fact]
    public async Task The_image_that_runs_is_kept_until_a_reboot_however_many_swaps_are_made()
    {
        SwapNodeFacts facts = EspFolder.Facts;
        await SwapAsync(EspFolder.New, facts);

        // The clock of whoever swaps may be set back meanwhile, or be days off.
        int[] hours = [-30, 700];
        for (int i = 1; i <= 2; i++)
        {
            await SwapAsync(Image(i), facts, hours[i - 1]);
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
        SwapNodeFacts facts = EspFolder.Facts with { BootId = new FactLoss("The boot id", "no answer in time") };
        await SwapAsync(EspFolder.New, facts);
        for (int i = 1; i <= 2; i++)
            Assert.Empty((await SwapAsync(Image(i), facts, hours: i)).Removed);

        Assert.Equal(EspFolder.Old, _esp.Read("Talos-v1.12.4.efi.bak.20241122T164500Z"));
        await using EspSession session = Open();
        Assert.Empty(await session.PruneAsync(facts, dryRun: false, Ct));
        Assert.Equal(4, _esp.Names().Length);
    }

    [Fact]
    public async Task After_a_restart_it_goes_as_every_backup_does()
    {
        await SwapAsync(EspFolder.New);
        UkiSwapResult result = await SwapAsync(Image(1), s_restarted, hours: -1);
        Assert.Equal([Backup], result.Removed);
    }

    [Fact]
    public async Task An_entry_that_somebody_else_exchanged_is_not_what_runs_and_then_none_goes()
    {
        _esp.Write(EspFolder.Entry, LabImages.Uki(new LabUkiSpec { Version = "v1.12.5" }));
        for (int i = 0; i <= 2; i++)
            Assert.Empty((await SwapAsync(Image(i), hours: i)).Removed);

        // Neither is any of the images that came after it.
        Assert.Equal(
            [
                "Talos-v1.12.4.efi.bak.20241122T164500Z-0b007000u",
                "Talos-v1.12.4.efi.bak.20241122T174500Z-0b007000u",
                "Talos-v1.12.4.efi.bak.20241122T184500Z-0b007000u",
            ],
            _esp.Names()[1..]
        );
    }

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
