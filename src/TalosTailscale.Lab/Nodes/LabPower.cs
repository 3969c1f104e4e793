using System.Collections.Concurrent;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Nodes;

/// <summary>Power of one node: reboots run here, in the background, one at a time.</summary>
internal sealed class LabPower(LabNode node)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private CancellationTokenSource _boot = new();
    private Task _sequence = Task.CompletedTask;

    /// <summary>The first boot, at the start of the lab: at once.</summary>
    internal Task StartAsync() => LabBoot.RunAsync(node, firmware: true, TimeSpan.Zero, NewBoot());

    /// <summary>Starts a reboot and returns; what still ran of the last boot is dropped.</summary>
    /// <param name="powerCycle">Whether it goes through firmware, rather than by kexec where the node would.</param>
    /// <param name="actor">The actor id of its events.</param>
    internal void Reboot(bool powerCycle, string actor = "")
    {
        lock (_lock)
        {
            var before = _sequence;
            var boot = NewBoot();
            _sequence = Track(RebootAsync(before, powerCycle, actor, boot));
        }
    }

    /// <summary>Takes the power away; <see cref="Reboot"/> brings it back.</summary>
    internal void Off()
    {
        lock (_lock)
        {
            NewBoot();
            LabBoot.GoDown(node);
        }
    }

    /// <summary>Whether a reboot that is not a power cycle goes by kexec (v1alpha1_sequencer_tasks.go, KexecPrepare).</summary>
    internal bool UsesKexec =>
        !node.Options.SecureBoot && (node.Architecture == TalosArchitecture.Amd64 || node.Minor < 12);

    /// <summary>Runs something in the background until it ends or the lab stops.</summary>
    internal void Run(Func<CancellationToken, Task> work) => Track(Task.Run(() => work(node.Cluster.Stopping)));

    /// <summary>Waits for all that runs in the background; the lab's stop has been signalled.</summary>
    internal async Task StopAsync()
    {
        await _boot.CancelAsync();
        foreach (var task in _running.Keys)
            await task;
        _boot.Dispose();
    }

    private async Task RebootAsync(Task before, bool powerCycle, string actor, CancellationToken boot)
    {
        await before;
        var kexec = !powerCycle && UsesKexec && node.IsApiUp;
        node.Events.Add(new SequenceEvent { Sequence = "reboot", Action = SequenceEvent.Types.Action.Start }, actor);
        node.Change(n => (n.Stage, n.IsReady) = (LabStage.Rebooting, false));
        LabBoot.TellStage(node, actor);

        // The answer to the call that asked for this still goes out.
        var total = node.Faults.Has(LabFault.SlowBoot)
            ? node.Cluster.Options.SlowBootTime
            : node.Cluster.Options.BootTime;
        await Task.Delay(total / 10, node.Cluster.Clock, boot);
        LabBoot.GoDown(node);
        await LabBoot.RunAsync(node, !kexec, total * 0.9, boot);
    }

    private CancellationToken NewBoot()
    {
        _boot.Cancel();
        _boot = CancellationTokenSource.CreateLinkedTokenSource(node.Cluster.Stopping);
        return _boot.Token;
    }

    private Task Track(Task work)
    {
        var tracked = GuardAsync(work);
        _running.TryAdd(tracked, true);
        _ = tracked.ContinueWith(Forget, TaskScheduler.Default);
        return tracked;

        // A failed one stays, so that StopAsync brings it to light.
        void Forget(Task t)
        {
            if (t.IsCompletedSuccessfully)
                _running.TryRemove(t, out _);
        }
    }

    private static async Task GuardAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException)
        {
            // Dropped for another reboot, or for the end of the lab: the way these tasks end.
        }
    }
}
