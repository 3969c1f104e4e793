using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Boot;

/// <summary>
/// What can go wrong through a whole swap by a pod: afterwards the partition is as it was or the swap is done, the pod is
/// gone, and the message says what happened. The next swap then goes well.
/// </summary>
public class SwapFaultTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_cut_at_every_chunk_goes_on_from_what_is_staged_and_verified()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        int resumed = 0;
        for (long at = 65_536; at < EspFolder.New.Length; at += 65_536)
        {
            lab.Reset();
            lab.Said.Clear();
            lab.Kube.Api.Faults.CutExec(afterInput: at);
            Assert.True((await lab.SwapAsync(Ct)).Changed);
            lab.AssertClean();
            Assert.Contains(lab.Said, s =>
                s.Contains("the transfer broke (ExecConnectionLost)", StringComparison.Ordinal)
            );
            resumed += lab.Said.Count(s => s.EndsWith("bytes are there and verified.", StringComparison.Ordinal));
        }

        // What was on the way when the first connection was cut may not have been written yet.
        Assert.InRange(resumed, 3, 6);
        await lab.NoPodsAsync();
    }

    [Fact]
    public async Task A_connection_cut_at_the_answer_of_any_step_ends_in_one_of_the_two_states()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        foreach (string step in (string[])["lock", "staged", "verify", "exchange", "remove", "unlock"])
        {
            lab.Reset();
            lab.OnSaid = said =>
            {
                if (said.Contains($"esp.sh {step} ", StringComparison.Ordinal))
                    lab.Kube.Api.Faults.CutExec(afterOutput: 1);
            };
            try
            {
                await lab.SwapAsync(Ct);
            }
            catch (TsException exception)
            {
                Assert.Contains(exception.ErrorId, (string[])["ExecConnectionLost", "KubernetesUnreachable"]);
            }

            lab.OnSaid = null;
            lab.Kube.Api.Faults.CutExec(times: 0);
            lab.IsDone();
            await lab.NoPodsAsync();
            Assert.Equal(EspFolder.Hash(EspFolder.New), (await lab.SwapAsync(Ct)).NewSha256);
            lab.AssertClean();
        }
    }

    [Theory]
    [InlineData(0, false)] // the answer to the exchange alone
    [InlineData(4, false)] // and what is asked after it
    [InlineData(0, true)] // and the pod
    public async Task A_connection_cut_between_the_exchange_and_its_answer_does_not_stop_the_swap(
        int more,
        bool evicted
    )
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.OnSaid = said =>
        {
            if (said.Contains("esp.sh exchange ", StringComparison.Ordinal))
                lab.Kube.Api.Faults.CutExec(afterOutput: 1, times: 1 + more);
            if (evicted && said.EndsWith("looking at what the partition holds.", StringComparison.Ordinal))
                lab.EvictPod();
        };
        UkiSwapResult result = await lab.SwapAsync(Ct);

        Assert.True(result.Changed && result.Checks.All(c => c.Passed == true), string.Join("; ", result.Checks));
        Assert.Contains(lab.Said, s => s.Contains("ExecConnectionLost at the exchange", StringComparison.Ordinal));
        Assert.Equal(evicted, lab.Said.Any(s => s.EndsWith("another one takes its place.", StringComparison.Ordinal)));
        Assert.True(lab.IsDone());
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Fact]
    public async Task A_pod_that_is_evicted_before_the_exchange_was_made_is_followed_by_another()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.OnSaid = said =>
        {
            if (!said.Contains("esp.sh exchange ", StringComparison.Ordinal))
                return;
            lab.OnSaid = null;
            lab.EvictPod();
        };
        Assert.True((await lab.SwapAsync(Ct)).Changed);

        Assert.Contains(lab.Said, s =>
            s.EndsWith("is gone (PodEvicted); another one takes its place.", StringComparison.Ordinal)
        );
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Fact]
    public async Task A_restart_of_the_API_server_in_the_middle_of_the_transfer_goes_unnoticed()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        Task? restart = null;
        lab.OnSaid = said =>
        {
            if (said.Contains("esp.sh stage ", StringComparison.Ordinal))
                restart ??= lab.Kube.Api.RestartAsync(TimeSpan.FromMilliseconds(300));
        };
        UkiSwapResult result = await lab.SwapAsync(Ct);

        await restart!;
        Assert.True(result.Changed);
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Fact]
    public async Task A_pod_evicted_in_the_middle_leaves_a_beginning_with_which_the_next_swap_goes_on()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.Kube.Api.Faults.EvictAfterInput = 200_000;
        var error = await Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct));
        lab.Kube.Api.Faults.EvictAfterInput = null;

        Assert.Equal("PodEvicted", error.ErrorId);
        Assert.Contains("low on resource", error.Message, StringComparison.Ordinal);
        Assert.False(lab.IsDone());
        Assert.Contains(lab.Said, s =>
            s.Contains("It is no boot entry; the next swap goes on from it", StringComparison.Ordinal)
        );
        await lab.NoPodsAsync();
        long there = new FileInfo(Assert.Single(Directory.GetFiles(lab.Linux, "*.new-*"))).Length;

        Assert.True((await lab.SwapAsync(Ct)).Changed);
        Assert.Contains(lab.Said, s =>
            s.Contains($"{there} of {EspFolder.New.Length} bytes are there and verified.", StringComparison.Ordinal)
        );
        Assert.Contains(lab.Said, s => s.Contains("taking over the lock", StringComparison.Ordinal));
        lab.AssertClean();
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("stage")]
    [InlineData("verify")]
    [InlineData("exchange")]
    public async Task A_node_shell_that_exits_137_is_said_to_have_been_killed(string step)
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.OnSaid = said =>
        {
            if (said.Contains("esp.sh ", StringComparison.Ordinal))
                lab.Kube.Api.Faults.ExitCode = said.Contains($"esp.sh {step} ", StringComparison.Ordinal) ? 137 : null;
        };
        TsException? error = null;
        try
        {
            await lab.SwapAsync(Ct);
        }
        catch (TsException exception)
        {
            error = exception;
        }

        lab.OnSaid = null;
        lab.Kube.Api.Faults.ExitCode = null;
        // What was exchanged is exchanged, whatever became of the answer: the hashes say so.
        Assert.Equal(step == "exchange", lab.IsDone());
        if (step != "exchange")
        {
            Assert.Equal("NodeShellFailed", error!.ErrorId);
            Assert.Contains("137 (killed, as for want of memory)", error.Message, StringComparison.Ordinal);
        }

        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Theory]
    [InlineData(null)] // no room from the beginning: refused by the gate
    [InlineData(131_072)] // the room goes while the image comes: down to the last cluster
    public async Task A_full_partition_is_named_and_left_as_it_was(int? leftWhileStaging)
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        if (leftWhileStaging is null)
            lab.Kube.Api.Faults.EspFreeBytes = 4096;
        lab.OnSaid = said =>
        {
            if (said.Contains("esp.sh staged ", StringComparison.Ordinal))
                lab.Kube.Api.Faults.EspFreeBytes = leftWhileStaging ?? 4096;
        };
        var error = await Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct));

        Assert.Equal("EspFull", error.ErrorId);
        Assert.Contains("bytes", error.Message, StringComparison.Ordinal);
        Assert.False(lab.IsDone());
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Fact]
    public async Task A_read_only_partition_is_named()
    {
        Assert.SkipWhen(
            Environment.IsPrivilegedProcess && !File.Exists("/usr/bin/setpriv"),
            "setpriv is not installed, and root may write anything"
        );
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.Kube.Api.Faults.EspReadOnly = true;
        var error = await Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct));
        lab.Kube.Api.Faults.EspReadOnly = false;

        Assert.Equal("EspReadOnly", error.ErrorId);
        Assert.False(lab.IsDone());
        lab.AssertClean();
        await lab.NoPodsAsync();
        Assert.True((await lab.SwapAsync(Ct)).Changed);
    }

    [Fact]
    public async Task A_staged_image_that_reads_back_otherwise_is_not_taken()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        lab.OnSaid = said =>
        {
            if (!said.Contains("esp.sh verify ", StringComparison.Ordinal))
                return;
            string staged = Directory.GetFiles(lab.Linux, "*.new-*").Single();
            using FileStream file = File.OpenWrite(staged);
            file.Position = 123_456;
            file.WriteByte(0xFF);
            file.WriteByte(0x01);
        };
        var error = await Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct));

        Assert.Equal("EspHashMismatch", error.ErrorId);
        Assert.Contains(EspFolder.Hash(EspFolder.New), error.Message, StringComparison.Ordinal);
        Assert.False(lab.IsDone());
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Fact]
    public async Task Of_two_swaps_at_once_the_second_is_refused_by_the_lock_on_the_partition()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        TsException? refused = null;
        lab.OnSaid = said =>
        {
            if (!said.Contains("esp.sh stage ", StringComparison.Ordinal))
                return;
            lab.OnSaid = null;
            refused = Task.Run(() => Assert.ThrowsAsync<TsException>(() => lab.SwapAsync(Ct))).GetAwaiter().GetResult();
        };
        UkiSwapResult result = await lab.SwapAsync(Ct);

        Assert.Equal("EspLocked", refused!.ErrorId);
        Assert.Contains("pod/kube-system/ts-esp-", refused.Message, StringComparison.Ordinal);
        Assert.True(result.Changed);
        lab.AssertClean();
        await lab.NoPodsAsync();
    }

    [Fact]
    public async Task Clocks_that_disagree_by_years_change_nothing()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        await lab.SwapAsync(Ct, now: new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
        UkiSwapSource third = await EspFolder.SourceAsync(LabImages.Uki(new LabUkiSpec { Size = 410_000 }));
        UkiSwapResult result = await lab.SwapAsync(Ct, third, now: DateTimeOffset.UnixEpoch);

        // What runs is kept by the boot that it ran in, whatever the clocks say.
        Assert.Equal(EspFolder.Entry + ".bak.19700101T000000Z-0b007000u", result.Backup);
        Assert.Empty(result.Removed);
        Assert.Equal(
            EspFolder.Hash(EspFolder.Old),
            EspFolder.Hash(lab.Read(EspFolder.Entry + ".bak.20990101T000000Z-0b007000"))
        );
        Assert.Equal(EspFolder.Hash(EspFolder.New), EspFolder.Hash(lab.Read(result.Backup!)));
    }

    [Fact]
    public async Task Ctrl_C_at_every_step_leaves_no_pod_and_one_of_the_two_states()
    {
        await using SwapLab lab = await SwapLab.StartAsync();
        int steps = await CountStepsAsync(lab),
            stopped = 0;
        for (int step = 1; step <= steps; step++)
        {
            lab.Reset();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            int left = step;
            lab.OnSaid = said =>
            {
                if (IsStep(said) && Interlocked.Decrement(ref left) == 0)
                    stop.Cancel();
            };
            try
            {
                await lab.SwapAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                stopped++;
            }

            lab.OnSaid = null;
            await lab.NoPodsAsync();
            lab.AssertClean();
        }

        Assert.InRange(stopped, 10, steps);
        lab.Reset();
        Assert.True((await lab.SwapAsync(Ct)).Changed);
    }

    private static async Task<int> CountStepsAsync(SwapLab lab)
    {
        int steps = 0;
        lab.OnSaid = said => steps += IsStep(said) ? 1 : 0;
        await lab.SwapAsync(Ct);
        return steps;
    }

    private static bool IsStep(string said) => !said.StartsWith("PROGRESS", StringComparison.Ordinal);
}
