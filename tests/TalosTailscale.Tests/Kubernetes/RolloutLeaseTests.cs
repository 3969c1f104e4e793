using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

public sealed class RolloutLeaseTests
{
    private static readonly KubeResource s_leases = KubeResource.Find("coordination.k8s.io", "leases")!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_one_holds_it_until_it_is_given_back()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using (await AcquireAsync(connection, new RolloutLeaseSpec()))
        {
            var e = await Assert.ThrowsAsync<TsException>(() => AcquireAsync(connection, new RolloutLeaseSpec()));
            Assert.Equal("LeaseHeld", e.ErrorId);
            Assert.Contains($"{Environment.UserName}/", e.Message, StringComparison.Ordinal);
        }
        await using var next = await AcquireAsync(connection, new RolloutLeaseSpec());
        Assert.False(next.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Of_many_that_ask_at_once_one_gets_it()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        var asked = await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(async _ =>
                {
                    try
                    {
                        return await AcquireAsync(connection, new RolloutLeaseSpec());
                    }
                    catch (TsException e) when (e.ErrorId == "LeaseHeld")
                    {
                        return null;
                    }
                })
        );
        await using var one = Assert.Single(asked, l => l is not null);
    }

    [Fact]
    public async Task It_is_renewed_over_a_restart_of_the_API_server()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var lease = await AcquireAsync(
            connection,
            new RolloutLeaseSpec { Duration = TimeSpan.FromSeconds(6) }
        );
        var first = Renewed(lab);
        await lab.Api.RestartAsync(TimeSpan.FromMilliseconds(100));
        await HelperPodTests.UntilAsync(() => Renewed(lab) != first);
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_holder_whose_process_is_gone_is_followed_at_once_and_a_silent_one_after_a_while()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        var gone = ProcessIdentityTests.Dead;
        await AbandonAsync(lab, connection, gone, DateTimeOffset.UtcNow);
        await using (await AcquireAsync(connection, new RolloutLeaseSpec())) { }
        await AbandonAsync(lab, connection, "somebody/elsewhere/1/1", DateTimeOffset.UtcNow);
        Assert.Equal(
            "LeaseHeld",
            (await Assert.ThrowsAsync<TsException>(() => AcquireAsync(connection, new RolloutLeaseSpec()))).ErrorId
        );
        await AbandonAsync(lab, connection, "somebody/elsewhere/1/1", DateTimeOffset.UtcNow.AddMinutes(-5));
        await using var taken = await AcquireAsync(connection, new RolloutLeaseSpec());
        taken.ThrowIfLost();
    }

    [Fact]
    public async Task Who_loses_it_is_told()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var lease = await AcquireAsync(
            connection,
            new RolloutLeaseSpec { Duration = TimeSpan.FromSeconds(1) }
        );
        await AbandonAsync(lab, connection, "somebody/elsewhere/1/1", DateTimeOffset.UtcNow);
        await HelperPodTests.UntilAsync(() => lease.Lost.IsCancellationRequested);
        Assert.Equal("LeaseLost", Assert.Throws<TsException>(lease.ThrowIfLost).ErrorId);
    }

    private static Task<RolloutLease> AcquireAsync(KubernetesConnection connection, RolloutLeaseSpec spec) =>
        RolloutLease.AcquireAsync(connection, spec, SilentReporter.Instance, null, Token);

    private static string Renewed(KubeLab lab) =>
        lab.Api.Store.Get(s_leases, "kube-system", "talos-tailscale-rollout")!.At("spec.renewTime");

    private static async Task AbandonAsync(
        KubeLab lab,
        KubernetesConnection connection,
        string holder,
        DateTimeOffset renewed
    )
    {
        if (lab.Api.Store.Get(s_leases, "kube-system", "talos-tailscale-rollout") is null)
            await (await AcquireAsync(connection, new RolloutLeaseSpec())).DisposeAsync();
        lab.Api.Store.Change(s_leases, "kube-system", "talos-tailscale-rollout", l =>
        {
            l["spec"]!["holderIdentity"] = holder;
            l["spec"]!["leaseDurationSeconds"] = 1;
            l["spec"]!["renewTime"] = renewed.ToString(
                "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'",
                System.Globalization.CultureInfo.InvariantCulture
            );
            return l;
        });
    }
}
