using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Boot;

/// <summary>
/// A swap that broke off between the exchange of the two names and the renaming of the old one: the old image, of which
/// there is no other copy, has the name of something staged.
/// </summary>
public sealed class UnfinishedSwapTests : IDisposable
{
    private static readonly string s_outgoing = $"{EspFolder.Entry}.new-{EspFolder.Hash(EspFolder.New)[..12]}";
    private readonly EspFolder _esp = new();

    public UnfinishedSwapTests()
    {
        _esp.Write(s_outgoing, EspFolder.Old);
        _esp.Write(EspFolder.Entry, EspFolder.New);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prune_keeps_it()
    {
        await using EspSession session = Open();
        Assert.Empty(await session.PruneAsync(EspFolder.Facts, dryRun: false, Ct));
        Assert.Equal(EspFolder.Old, _esp.Read(s_outgoing));
    }

    [Fact]
    public async Task It_is_told_as_a_backup_and_not_as_a_leftover()
    {
        await using EspSession session = Open();
        EspInfo esp = await session.ReadAsync(EspFolder.Facts, Ct);
        Assert.Equal(EspFileRole.Backup, Assert.Single(esp.Files, f => f.Name == s_outgoing).Role);
        Assert.Equal(["UnfinishedSwap"], esp.Findings.Select(f => f.Code));
    }

    [Fact]
    public async Task Going_back_takes_it_even_beside_an_older_backup()
    {
        _esp.Write(
            $"{EspFolder.Entry}.bak.20260101T000000Z",
            LabImages.Uki(new LabUkiSpec { Version = "v1.11.0", Size = 250_000 })
        );
        await using EspSession session = Open();
        UkiSwapSource source = await session.FindSourceAsync(EspFolder.Facts, backup: true, null, Ct);
        UkiSwapPlan plan = await session.PlanAsync(
            EspFolder.Facts,
            source,
            new UkiSwapOptions { Skip = Enum.GetValues<UkiSwapGate>().ToHashSet() },
            Ct
        );
        UkiSwapResult result = await session.SwapAsync(plan, source, Ct);
        Assert.Equal(EspFolder.Old, _esp.Read(EspFolder.Entry));
        Assert.Equal(EspFolder.New, _esp.Read(result.Backup!));
        Assert.DoesNotContain(s_outgoing, _esp.Names());
    }

    [Fact]
    public async Task The_next_swap_keeps_it_and_the_one_after_removes_it()
    {
        byte[] third = LabImages.Uki(new LabUkiSpec { Size = 500_000 });
        await SwapAsync(third);
        Assert.Equal(EspFolder.Old, _esp.Read(s_outgoing));
        await SwapAsync(LabImages.Uki(new LabUkiSpec { Size = 600_000 }));
        Assert.DoesNotContain(s_outgoing, _esp.Names());
    }

    [Fact]
    public async Task Half_of_an_image_under_such_a_name_is_a_leftover()
    {
        _esp.Write(s_outgoing, EspFolder.Old[..1000]);
        await using EspSession session = Open();
        Assert.Equal([s_outgoing], await session.PruneAsync(EspFolder.Facts, dryRun: false, Ct));
        Assert.Equal([EspFolder.Entry], _esp.Names());
    }

    public void Dispose() => _esp.Dispose();

    private async Task SwapAsync(byte[] image)
    {
        await using EspSession session = Open();
        UkiSwapSource source = await EspFolder.SourceAsync(image);
        UkiSwapPlan plan = await session.PlanAsync(EspFolder.Facts, source, new UkiSwapOptions(), Ct);
        await session.SwapAsync(plan, source, Ct);
    }

    private EspSession Open() =>
        new(new FolderNodeShell(ShellKind.Dash, _esp.Root), "/dev/vda", SilentReporter.Instance);
}
