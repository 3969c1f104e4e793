using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Boot;

public class UkiSwapTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 22, 16, 45, 0, TimeSpan.Zero);
    private const string Backup = "Talos-v1.12.4.efi.bak.20261122T164500Z-0b007000";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ShellKind.Dash)]
    [InlineData(ShellKind.BusyboxAsh)]
    public async Task Swap_puts_the_new_image_under_the_booted_name_and_keeps_the_old_one(ShellKind kind)
    {
        using var esp = new EspFolder();
        var shell = new FolderNodeShell(kind, esp.Root);
        UkiSwapResult result = await SwapAsync(shell, EspFolder.Facts, await EspFolder.SourceAsync(EspFolder.New));

        Assert.True(result.Changed);
        Assert.True(result.Succeeded);
        Assert.Equal(
            (EspFolder.Hash(EspFolder.Old), EspFolder.Hash(EspFolder.New)),
            (result.OldSha256, result.NewSha256)
        );
        Assert.Equal([EspFolder.Entry, Backup], esp.Names());
        Assert.Equal(EspFolder.New, esp.Read(EspFolder.Entry));
        Assert.Equal(EspFolder.Old, esp.Read(Backup));
        Assert.True(shell.Closed);
    }

    [Fact]
    public async Task The_same_swap_again_changes_nothing_and_says_so()
    {
        using var esp = new EspFolder();
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        await SwapAsync(new FolderNodeShell(ShellKind.Dash, esp.Root), EspFolder.Facts, source);
        var before = esp.Contents();

        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root);
        UkiSwapResult again = await SwapAsync(shell, EspFolder.Facts, source);

        Assert.False(again.Changed);
        Assert.Null(again.Backup);
        Assert.Equal(before, esp.Contents());
        Assert.DoesNotContain(shell.Commands, c => c.StartsWith("lock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_that_breaks_at_every_chunk_goes_on_from_what_is_there()
    {
        using var esp = new EspFolder();
        int cuts = 0;
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = words => words[0] == "stage" && cuts++ < 4 ? new ShellFault(CutAfter: 60_000) : null,
        };
        UkiSwapResult result = await SwapAsync(shell, EspFolder.Facts, await EspFolder.SourceAsync(EspFolder.New));

        Assert.True(result.Changed);
        Assert.Equal(EspFolder.New, esp.Read(EspFolder.Entry));
        string[] offsets =
        [
            .. shell
                .Commands.Where(c => c.StartsWith("stage ", StringComparison.Ordinal))
                .Select(c => c.Split(' ')[^1]),
        ];
        Assert.Equal(["0", "60000", "120000", "180000", "240000"], offsets);
    }

    /// <summary>A power cut may leave the name of the staged file and nothing in it.</summary>
    [Theory]
    [InlineData(ShellKind.Dash)]
    [InlineData(ShellKind.BusyboxAsh)]
    public async Task An_empty_file_of_an_earlier_cut_is_staged_into(ShellKind kind)
    {
        using var esp = new EspFolder();
        esp.Write($"{EspFolder.Entry}.new-{EspFolder.Hash(EspFolder.New)[..12]}", []);
        await SwapAsync(
            new FolderNodeShell(kind, esp.Root),
            EspFolder.Facts,
            await EspFolder.SourceAsync(EspFolder.New)
        );
        Assert.Equal(EspFolder.New, esp.Read(EspFolder.Entry));
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("staged")]
    [InlineData("stage")]
    [InlineData("verify")]
    public async Task A_failure_before_the_exchange_leaves_the_partition_as_it_was(string step)
    {
        using var esp = new EspFolder();
        var before = esp.Contents();
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = words => words[0] == step ? new ShellFault(ExitCode: 137) : null,
        };
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        var error = await Assert.ThrowsAsync<TsException>(() => SwapAsync(shell, EspFolder.Facts, source));

        Assert.Equal("NodeShellFailed", error.ErrorId);
        Assert.Contains("137", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, esp.Contents());
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("staged")]
    [InlineData("stage")]
    [InlineData("verify")]
    [InlineData("exchange")]
    [InlineData("unlock")]
    public async Task A_stop_at_any_step_leaves_the_partition_as_it_was_or_the_swap_done(string step)
    {
        using var esp = new EspFolder();
        var before = esp.Contents();
        using var stop = new CancellationTokenSource();
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = words =>
            {
                if (words[0] == step)
                    stop.Cancel();
                return null;
            },
        };
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        UkiSwapResult? result = null;
        try
        {
            result = await SwapAsync(shell, EspFolder.Facts, source, null, stop.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Equal(before, esp.Contents());
        }

        if (result is not null)
            Assert.Equal([EspFolder.Entry, Backup], esp.Names());
        Assert.Equal(step is "exchange" or "unlock", result is not null);
        Assert.True(shell.Closed);
    }

    [Fact]
    public async Task A_lost_answer_to_the_exchange_is_found_out_by_the_hashes()
    {
        using var esp = new EspFolder();
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = words => words[0] == "exchange" ? new ShellFault(LosesAnswer: true) : null,
        };
        UkiSwapResult result = await SwapAsync(shell, EspFolder.Facts, await EspFolder.SourceAsync(EspFolder.New));

        Assert.Single(shell.Commands, c => c.StartsWith("exchange", StringComparison.Ordinal));
        Assert.Equal(EspFolder.New, esp.Read(EspFolder.Entry));
        Assert.Equal(EspFolder.Old, esp.Read(result.Backup!));
    }

    [Theory]
    [InlineData("list", 3)] // so often, after the answer to the exchange was lost too
    [InlineData("verify", 3)]
    [InlineData("rename", 1)]
    [InlineData("remove", 2)]
    public async Task Once_the_exchange_was_made_a_connection_that_breaks_is_made_anew(string step, int times)
    {
        using var esp = new EspFolder();
        esp.Write("Talos-v1.12.4~1.efi", LabImages.Uki(new LabUkiSpec { Size = 310_000 }));
        esp.Write(EspFolder.Entry + ".bak.20200101T000000Z", [1, 2, 3]);
        int left = -1;
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = words =>
            {
                if (words[0] == "exchange")
                    left = times;
                if (left > 0 && words[0] == step)
                    left--;
                else if (words[0] != "exchange" || step != "list")
                    return null;
                return new ShellFault(LosesAnswer: true);
            },
        };
        UkiSwapResult result = await SwapAsync(shell, EspFolder.Facts, await EspFolder.SourceAsync(EspFolder.New));

        Assert.Equal(0, left);
        Assert.Equal([true, true, true], result.Checks.Select(c => c.Passed));
        Assert.Equal((1, 1), (result.DisabledEntries.Count, result.Removed.Count));
        Assert.Equal(EspFolder.New, esp.Read(EspFolder.Entry));
        Assert.Equal(EspFolder.Old, esp.Read(result.Backup!));
    }

    [Fact]
    public async Task A_shell_that_dies_between_exchange_and_rename_is_followed_by_the_rename()
    {
        using var esp = new EspFolder();
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = words =>
            {
                if (words[0] != "exchange")
                    return null;
                esp.Write(words[3], EspFolder.Old);
                esp.Write(EspFolder.Entry, EspFolder.New);
                throw FolderNodeShell.ConnectionLost();
            },
        };
        UkiSwapResult result = await SwapAsync(shell, EspFolder.Facts, await EspFolder.SourceAsync(EspFolder.New));

        Assert.Equal([EspFolder.Entry, Backup], esp.Names());
        Assert.Equal(EspFolder.Old, esp.Read(result.Backup!));
    }

    [Theory]
    [InlineData("list", "it is not known whether the exchange took place")]
    [InlineData("verify", "could not be read back; the old one is '" + Backup + "'")]
    public async Task A_node_that_does_not_answer_after_the_exchange_is_said_to_be_unverified_and_never_restored(
        string step,
        string words
    )
    {
        using var esp = new EspFolder();
        bool exchanged = false;
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = command =>
            {
                exchanged |= command[0] == "exchange";
                if (command[0] == "exchange" && step == "list")
                    return new ShellFault(LosesAnswer: true);
                return exchanged && command[0] == step ? new ShellFault(ExitCode: 137) : null;
            },
        };
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        var error = await Assert.ThrowsAsync<TsException>(() => SwapAsync(shell, EspFolder.Facts, source));

        Assert.Equal("SwapUnverified", error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("Get-TalosEsp", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(EspFolder.New, esp.Read(EspFolder.Entry));
        Assert.Equal(EspFolder.Old, esp.Read(Backup));
    }

    [Fact]
    public async Task An_image_that_does_not_verify_after_the_exchange_is_taken_back()
    {
        using var esp = new EspFolder();
        int verified = 0;
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root)
        {
            OnCommand = words =>
            {
                if (words[0] == "verify" && ++verified == 2)
                    esp.Write(EspFolder.Entry, [1, 2, 3]);
                return null;
            },
        };
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        var error = await Assert.ThrowsAsync<TsException>(() => SwapAsync(shell, EspFolder.Facts, source));

        Assert.Equal("EspHashMismatch", error.ErrorId);
        Assert.Equal(EspFolder.Old, esp.Read(EspFolder.Entry));
    }

    [Fact]
    public async Task Of_two_swaps_at_once_the_second_is_refused()
    {
        using var esp = new EspFolder();
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        TsException? refused = null;
        var first = new FolderNodeShell(ShellKind.Dash, esp.Root);
        first.OnCommand = words =>
        {
            if (words[0] == "verify" && refused is null)
            {
                var second = new FolderNodeShell(ShellKind.Dash, esp.Root) { Holder = "pod/kube-system/two" };
                refused = Assert
                    .ThrowsAsync<TsException>(() => SwapAsync(second, EspFolder.Facts, source))
                    .GetAwaiter()
                    .GetResult();
            }

            return null;
        };
        UkiSwapResult result = await SwapAsync(first, EspFolder.Facts, source);

        Assert.Equal("EspLocked", refused!.ErrorId);
        Assert.Contains("pod/kube-system/one", refused.Message, StringComparison.Ordinal);
        Assert.True(result.Changed);
        Assert.Equal([EspFolder.Entry, Backup], esp.Names());
    }

    [Fact]
    public async Task The_lock_of_a_shell_that_is_gone_is_taken_over()
    {
        using var esp = new EspFolder();
        string boot = await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", Ct);
        string text =
            $"owner=abc\nholder=pod/kube-system/dead\nboot={boot.Trim()}\ntime={DateTimeOffset.UtcNow.ToUnixTimeSeconds()}\n";
        esp.Write(".talostailscale.lock", System.Text.Encoding.ASCII.GetBytes(text));
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root);
        shell.Gone.Add("pod/kube-system/dead");
        UkiSwapResult result = await SwapAsync(shell, EspFolder.Facts, await EspFolder.SourceAsync(EspFolder.New));

        Assert.True(result.Changed);
        Assert.DoesNotContain(esp.Names(), n => n.Contains("lock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_lock_of_an_earlier_boot_is_taken_over()
    {
        using var esp = new EspFolder();
        esp.Write(".talostailscale.lock", "owner=abc\nholder=pod/kube-system/x\nboot=other\ntime=1\n"u8.ToArray());
        UkiSwapResult result = await SwapAsync(
            new FolderNodeShell(ShellKind.Dash, esp.Root),
            EspFolder.Facts,
            await EspFolder.SourceAsync(EspFolder.New)
        );

        Assert.True(result.Changed);
        Assert.Equal([EspFolder.Entry, Backup], esp.Names());
    }

    [Fact]
    public async Task Duplicates_go_from_the_menu_unless_a_variable_names_them()
    {
        using var esp = new EspFolder();
        byte[] other = LabImages.Uki(new LabUkiSpec { Size = 310_000 });
        esp.Write("Talos-v1.12.4~1.efi", other);
        esp.Write("Talos-v1.12.4~2.efi", other);
        SwapNodeFacts facts = EspFolder.Facts with
        {
            Variables = new LoaderState { Default = EspFolder.Entry, LastBooted = "talos-v1.12.4~2.efi" },
        };
        UkiSwapResult result = await SwapAsync(
            new FolderNodeShell(ShellKind.Dash, esp.Root),
            facts,
            await EspFolder.SourceAsync(EspFolder.New)
        );

        Assert.Equal(["Talos-v1.12.4~1.efi"], result.DisabledEntries);
        Assert.Equal(
            [EspFolder.Entry, Backup, "Talos-v1.12.4~1.efi.disabled.20261122T164500Z", "Talos-v1.12.4~2.efi"],
            esp.Names()
        );
    }

    [Fact]
    public async Task Promote_takes_what_a_failed_upgrade_left_without_a_transfer()
    {
        using var esp = new EspFolder();
        esp.Write("Talos-v1.12.4~1.efi", EspFolder.New);
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New) with { PromotedName = "Talos-v1.12.4~1.efi" };
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root);
        UkiSwapResult result = await SwapAsync(shell, EspFolder.Facts, source);

        Assert.True(result.Changed);
        Assert.Equal(EspFolder.New, esp.Read(EspFolder.Entry));
        Assert.Equal([EspFolder.Entry, Backup], esp.Names());
        Assert.DoesNotContain(shell.Commands, c => c.StartsWith("stage ", StringComparison.Ordinal));
    }

    private static async Task<UkiSwapResult> SwapAsync(
        FolderNodeShell shell,
        SwapNodeFacts facts,
        UkiSwapSource source,
        UkiSwapOptions? options = null,
        CancellationToken? cancellationToken = null
    )
    {
        CancellationToken ct = cancellationToken ?? Ct;
        await using EspSession session = new EspSession(shell, "/dev/nvme0n1p1", SilentReporter.Instance);
        UkiSwapPlan plan = await session.PlanAsync(facts, source, options ?? new UkiSwapOptions { Now = s_now }, ct);
        Assert.True(
            plan.Allowed,
            string.Join(
                "; ",
                plan.Gates.Where(g => g.Status == UkiSwapGateStatus.Refused).Select(g => $"{g} {g.Evidence}")
            )
        );
        return await session.SwapAsync(plan, source, ct);
    }
}
