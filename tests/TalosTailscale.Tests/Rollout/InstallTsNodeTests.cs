using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>Install-TsNode and Undo-TsNode on the lab, as a user types them.</summary>
public sealed class InstallTsNodeTests
{
    private const string Install =
        "Get-TsNode | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false";

    [Fact]
    public async Task After_Ctrl_C_in_a_restart_the_same_command_goes_on()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode ampone = lab.Lab.Node("ampone");
        Guid first = ampone.BootId;
        const string one =
            "param($key, $state) 'ampone' | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false";
        await lab.Session.InvokeAndStopAsync(
            one,
            () =>
                ampone.WhenAsync(node => node.BootId != first || !node.IsApiUp, TestContext.Current.CancellationToken),
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );
        await ampone.WhenAsync(node => node.BootId != first && node.IsReady, TestContext.Current.CancellationToken);
        Guid second = ampone.BootId;
        PowerShellResult again = lab.Invoke(
            one,
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );
        again.AssertNoErrors();
        Assert.Equal(
            [TsRolloutAction.Return, TsRolloutAction.Verify, TsRolloutAction.Uncordon],
            again.OutputOf<TsRolloutStep>().Select(step => step.Action)
        );
        Assert.Equal(second, ampone.BootId);
        Assert.All(await CordonsAsync(lab), cordoned => Assert.False(cordoned));
        Assert.DoesNotContain(lab.Pods, pod => pod.Contains("ts-esp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_operator_is_refused()
    {
        await using LabSession lab = await LabSession.StartAsync();
        using KubernetesConnection cluster = KubernetesConnection.Open(lab.Client.Environment["KUBECONFIG"]);
        var other = new RolloutLeaseSpec { Holder = "somebody@elsewhere/1" };
        await using RolloutLease lease = await RolloutLease.AcquireAsync(
            cluster,
            other,
            SilentReporter.Instance,
            null,
            TestContext.Current.CancellationToken
        );
        PowerShellResult result = Invoke(lab, Install);
        result.AssertError("LeaseHeld");
        Assert.Empty(result.Output);
        Assert.All(lab.Lab.Nodes, node => Assert.DoesNotContain(node.Extensions, e => e.Name == "tailscale"));
    }

    private static PowerShellResult Invoke(LabSession lab, string script) =>
        lab.Invoke(
            "param($key, $state) " + script,
            ("key", lab.KeyReference),
            ("state", Path.Combine(lab.Client.Folder, "state"))
        );

    private static async Task<IEnumerable<bool>> CordonsAsync(LabSession lab)
    {
        using KubernetesConnection cluster = KubernetesConnection.Open(lab.Client.Environment["KUBECONFIG"]);
        return (await KubernetesNodes.ListAsync(cluster, TestContext.Current.CancellationToken)).Select(node =>
            node.Unschedulable
        );
    }
}
