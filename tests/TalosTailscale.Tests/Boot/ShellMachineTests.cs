using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>A shell is used only on the machine that Talos answers for.</summary>
public sealed class ShellMachineTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TalosNodeShellKind.Kubernetes)]
    [InlineData(TalosNodeShellKind.Auto)]
    public async Task A_pod_on_another_node_is_refused_and_goes(TalosNodeShellKind via)
    {
        await using TalosLab lab = await StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        LabNode altra = lab.Cluster.Node("altra");

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            OpenAsync(lab.Client("ampone"), kubernetes, altra.Hostname, via)
        );

        Assert.Equal("ShellOnAnotherMachine", e.ErrorId);
        Assert.Contains("system UUID", e.Message, StringComparison.Ordinal);
        await GoneAsync(lab.Cluster);
    }

    [Fact]
    public async Task Where_the_firmware_says_the_same_of_all_the_boot_id_decides()
    {
        await using TalosLab lab = await StartAsync(clones: true);
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        LabNode ampone = lab.Cluster.Node("ampone");

        await using (await OpenAsync(lab.Client("ampone"), kubernetes, ampone.Hostname, TalosNodeShellKind.Kubernetes))
        { }
        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            OpenAsync(lab.Client("altra"), kubernetes, ampone.Hostname, TalosNodeShellKind.Kubernetes)
        );

        Assert.Equal("ShellOnAnotherMachine", e.ErrorId);
        Assert.Contains(ampone.BootId.ToString(), e.Message, StringComparison.Ordinal);
        Assert.Contains(lab.Cluster.Node("altra").BootId.ToString(), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("os:reader")]
    [InlineData("os:operator")]
    public async Task Without_the_right_to_read_boot_ids_one_may_look_and_not_write(string role)
    {
        await using TalosLab lab = await StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        LabNode ampone = lab.Cluster.Node("ampone");
        TalosNodeClient client = lab.Connect(lab.Api.Authority.IssueClient([role])).Node(ampone.Address);

        await using INodeShell shell = await OpenAsync(
            client,
            kubernetes,
            ampone.Hostname,
            TalosNodeShellKind.Kubernetes
        );
        TsException e = await Assert.ThrowsAsync<TsException>(() => shell.RequireMachineAsync(true, Stop));

        Assert.Equal("ShellMachineUnknown", e.ErrorId);
        Assert.Contains("os:admin", e.Message, StringComparison.Ordinal);
        Assert.Contains("nothing is written", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nor_look_where_Kubernetes_has_another_identity()
    {
        await using TalosLab lab = await StartAsync(clones: true);
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        TalosNodeClient client = lab.Connect(lab.Api.Authority.IssueClient(["os:reader"]))
            .Node(lab.Cluster.Node("ampone").Address);

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            OpenAsync(client, kubernetes, lab.Cluster.Node("altra").Hostname, TalosNodeShellKind.Kubernetes)
        );

        Assert.Equal("ShellMachineUnknown", e.ErrorId);
    }

    // Only a missing role is forgiven, and only to look: an answer that went wrong tells nothing of the machine.
    [Theory]
    [InlineData("/proc/sys/kernel/random/boot_id", "Internal")]
    [InlineData("/proc/sys/kernel/random/boot_id", "Unimplemented")]
    [InlineData("/proc/sys/kernel/random/boot_id", "NotFound")]
    [InlineData("SystemInformations.hardware.talos.dev", "Internal")]
    public async Task An_answer_that_went_wrong_is_not_forgiven(string call, string status)
    {
        await using TalosLab lab = await StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        LabNode ampone = lab.Cluster.Node("ampone");
        ampone.Faults.Set(LabFault.CallFails, $"{call} {status} it went wrong");

        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            OpenAsync(lab.Client("ampone"), kubernetes, ampone.Hostname, TalosNodeShellKind.Kubernetes)
        );

        Assert.Contains("it went wrong", e.Message, StringComparison.Ordinal);
        await GoneAsync(lab.Cluster);
    }

    // The system UUID only ever refuses: where Talos does not give it, the boot id decides alone.
    [Fact]
    public async Task Without_the_role_for_the_firmware_the_boot_id_decides()
    {
        await using TalosLab lab = await StartAsync();
        using KubernetesConnection kubernetes = Connect(lab.Cluster);
        LabNode ampone = lab.Cluster.Node("ampone");
        ampone.Faults.Set(LabFault.CallFails, "SystemInformations.hardware.talos.dev PermissionDenied not authorized");

        await using INodeShell shell = await OpenAsync(
            lab.Client("ampone"),
            kubernetes,
            ampone.Hostname,
            TalosNodeShellKind.Kubernetes
        );
        await shell.RequireMachineAsync(true, Stop);
    }

    [Fact]
    public async Task A_shell_of_Talos_is_asked_too()
    {
        await using TalosLab lab = await StartAsync("v1.13.2");
        await using INodeShell shell = await OpenAsync(lab.Client("ampone"), null, "", TalosNodeShellKind.Talos);

        await shell.RequireMachineAsync(true, Stop);
        // An address that two machines have: the container is on the one, the next answer comes from the other.
        var mixed = new ShellMachine(lab.Client("altra"), null, "");
        TsException e = await Assert.ThrowsAsync<TsException>(() => mixed.RequireAsync(shell, true, Stop));

        Assert.Equal("ShellOnAnotherMachine", e.ErrorId);
    }

    private static Task<TalosLab> StartAsync(string version = "v1.12.4", bool clones = false) =>
        TalosLab.StartAsync(
            new LabOptions
            {
                TalosVersion = version,
                Nodes =
                [
                    .. LabNodeOptions.Runbook.Select(node => node with { SystemUuid = clones ? Guid.Empty : null }),
                ],
            }
        );

    private static Task<INodeShell> OpenAsync(
        TalosNodeClient node,
        KubernetesConnection? kubernetes,
        string name,
        TalosNodeShellKind via
    ) =>
        NodeShells.OpenAsync(
            node,
            kubernetes,
            new NodeShellRequest { Via = via, KubernetesNode = name },
            SilentReporter.Instance,
            Stop
        );

    private static KubernetesConnection Connect(LabCluster cluster) =>
        KubernetesConnection.FromBytes(
            System.Text.Encoding.UTF8.GetBytes(cluster.Part<LabKubernetesPart>()!.AdminKubeconfig),
            "test"
        );

    private static async Task GoneAsync(LabCluster cluster)
    {
        LabKubernetesApi api = cluster.Part<LabKubernetesPart>()!.Api;
        while (api.Pods.Count > 0)
            await Task.Delay(20, Stop);
    }
}
