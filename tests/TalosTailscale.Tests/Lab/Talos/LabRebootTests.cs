using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>Restarts in a row: nothing may pile up on either side.</summary>
public sealed class LabRebootTests
{
    [Fact]
    public async Task Two_hundred_restarts_leave_no_socket_and_no_task_behind()
    {
        await using var lab = await TalosLab.StartAsync(
            new LabOptions { EndpointPerNode = true, BootTime = TimeSpan.FromMilliseconds(1) }
        );
        var machine = lab.Cluster.Node("ampone");
        using var connections = new TalosConnections();
        await using var client = TalosClient.Connect(
            TalosConfigFile.Parse(lab.Api.TalosConfig(null, [lab.Api.EndpointOf(machine)])).Context(),
            Patient with
            {
                Connections = connections,
            }
        );
        var node = client.Node(machine.Address, "ampone");
        var wait = new TalosWaitOptions
        {
            Interval = TimeSpan.FromMilliseconds(25),
            CallTimeout = TimeSpan.FromMinutes(2),
        };
        var boots = new HashSet<Guid> { machine.BootId };
        for (var i = 0; i < 200; i++)
        {
            var before = await TalosBootMark.TakeAsync(node, Stop);

            // A log followed into the restart; one that had not begun is begun again after it, and is cancelled then.
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var followed = FollowAsync(node, stop.Token);
            await RebootAsync(node);
            var back = await TalosNodeWait.ForReadyAsync(node, before, wait, cancellation: Stop);
            Assert.True(back.Restarted);
            Assert.True(boots.Add(machine.BootId));
            await stop.CancelAsync();
            Assert.True(await followed is null or TsException or OperationCanceledException);
        }

        // At most the one in use; the others close in the background.
        Assert.Equal(1, connections.Count);
        while (connections.OpenSockets > 1 || lab.Api.OpenConnections > 1)
            await Task.Delay(10, Stop);

        connections.Dispose();
        while (connections.OpenSockets > 0 || lab.Api.OpenConnections > 0)
            await Task.Delay(10, Stop);
    }

    // So fast a machine may be down before its answer is out; whether it restarts is then found by looking.
    private static async Task RebootAsync(TalosNodeClient node)
    {
        try
        {
            await node.RebootAsync(TalosRebootMode.PowerCycle, Stop);
        }
        catch (TsException e)
            when (e.Error == TalosErrors.TalosConnectionLost || e.Error == TalosErrors.TalosNodeUnavailable)
        {
            Assert.Contains("whether it was done is not known", e.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<Exception?> FollowAsync(TalosNodeClient node, CancellationToken stop) =>
        await Record.ExceptionAsync(async () =>
        {
            await foreach (var line in node.LogsAsync("machined", follow: true, cancellation: stop))
                _ = line;
        });
}
