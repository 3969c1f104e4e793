using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>How many other control planes are Ready: machines, not names.</summary>
public sealed class OtherControlPlanesTests
{
    [Fact]
    public void Only_control_planes_that_are_Ready_and_another_machine_count()
    {
        KubernetesNodeState[] all =
        [
            Node("cp1", "m1"),
            Node("cp2", "m2"),
            Node("cp3", "m3") with
            {
                Ready = false,
            },
            Node("w1", "m4") with
            {
                ControlPlane = false,
            },
        ];

        Assert.Equal((Fact<int>)1, OtherReady(all, "cp1"));
        Assert.Equal((Fact<int>)2, OtherReady(all, "w1"));
    }

    // SUSE/caasp-salt#16: after a change of its name a node is there twice.
    [Fact]
    public void A_node_that_was_renamed_is_no_other_one() =>
        Assert.Equal(
            (Fact<int>)0,
            OtherReady([Node("minion0", "m1"), Node("minion0.k8s.local", "m1")], "minion0.k8s.local")
        );

    [Fact]
    public void A_kubelet_that_tells_no_machine_id_is_known_by_its_name() =>
        Assert.Equal((Fact<int>)1, OtherReady([Node("cp1", ""), Node("cp2", "")], "cp1"));

    // siderolabs/talos#4759: all nodes with the machine id of the kubelet's image. Nobody can tell them apart by it.
    [Fact]
    public void Nodes_of_one_machine_id_do_not_make_up_for_each_other() =>
        Assert.Equal((Fact<int>)0, OtherReady([Node("cp1", "ad43"), Node("cp2", "ad43")], "cp1"));

    [Fact]
    public void Where_the_node_itself_is_not_there_nothing_is_known()
    {
        Fact<int> others = OtherReady([Node("cp2", "m2"), Node("cp3", "m3")], "cp1");

        Assert.Contains("no node 'cp1'", others.Loss!.ToString(), StringComparison.Ordinal);
    }

    private static KubernetesNodeState Node(string name, string machine) =>
        new(name, true, false, true, TalosArchitecture.Amd64, "v1.34.1", "Talos (v1.12.4)", "", [], null)
        {
            MachineId = machine,
        };

    private static Fact<int> OtherReady(IReadOnlyList<KubernetesNodeState> all, string name) =>
        SwapFactsReader.OtherControlPlanes(all, name).Then<int>(others => others.Count(node => node.Ready));
}
