using Microsoft.Extensions.Time.Testing;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Lab.Tailnet;
using TalosTailscale.Tests.Kubernetes;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Lab;

/// <summary>The lab waits and stamps by the clock that it is given: hours pass in no time.</summary>
public sealed class LabClockTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_boot_takes_the_lab_s_time_and_is_stamped_with_it()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using TalosLab lab = await TalosLab.StartAsync(
            new LabOptions { TimeProvider = clock, BootTime = TimeSpan.FromHours(10) }
        );
        LabNode ampone = lab.Cluster.Node("ampone");
        DateTimeOffset before = ampone.BootTime;
        Guid boot = ampone.BootId;
        ampone.PowerCycle();

        await AdvanceAsync(clock, TimeSpan.FromMinutes(10), ampone.WhenAsync(n => n.BootId != boot && n.IsReady, Stop));

        DateTimeOffset started = ampone.Services["etcd"]!.Events[^1].Time;
        Assert.InRange(ampone.BootTime, before + TimeSpan.FromHours(6), clock.GetUtcNow());
        Assert.InRange(started, ampone.BootTime + TimeSpan.FromHours(1), clock.GetUtcNow());
    }

    [Fact]
    public async Task A_pod_ends_at_its_deadline()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using LabCluster lab = await LabCluster.StartAsync(new LabOptions { TimeProvider = clock }, Stop);
        using var cluster = KubernetesConnection.FromBytes(
            System.Text.Encoding.UTF8.GetBytes(lab.Part<LabKubernetesPart>()!.AdminKubeconfig),
            "the lab"
        );
        var spec = new HelperPodSpec { NodeName = KubeLab.Node, Image = KubeLab.Image };
        await using HelperPod pod = await HelperPod.CreateAsync(cluster, spec, Stop);
        KubeStore store = lab.Part<LabKubernetesPart>()!.Api.Store;
        string name = pod.ToString()!.Split('/')[1];

        await AdvanceAsync(
            clock,
            TimeSpan.FromMinutes(10),
            UntilAsync(() => store.Get(KubeResource.Pods, "kube-system", name)?.At("status.phase") == "Failed")
        );

        Assert.Equal("DeadlineExceeded", store.Get(KubeResource.Pods, "kube-system", name)!.At("status.reason"));
    }

    [Fact]
    public async Task A_key_of_the_tailnet_ends()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using LabCluster lab = await LabCluster.StartAsync(new LabOptions { TimeProvider = clock }, Stop);
        LabTailnet tailnet = lab.Part<LabTailnet>()!;
        LabTailnetKey key = tailnet.NewKey(true, false, true, [], "for a day", TimeSpan.FromDays(1));

        Assert.True(key.IsValidAt(tailnet.Now));
        clock.Advance(TimeSpan.FromDays(2));

        Assert.False(key.IsValidAt(tailnet.Now));
        Assert.Equal(clock.GetUtcNow(), tailnet.Now);
    }

    private static async Task AdvanceAsync(FakeTimeProvider clock, TimeSpan step, Task until)
    {
        while (!until.IsCompleted)
        {
            clock.Advance(step);
            await Task.Yield();
            Stop.ThrowIfCancellationRequested();
        }

        await until;
    }

    private static Task UntilAsync(Func<bool> condition) =>
        Task.Run(async () =>
        {
            while (!condition())
            {
                Stop.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        });
}
