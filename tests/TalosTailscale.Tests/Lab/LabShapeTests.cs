using System.Text;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Lab.Pki;
using TalosTailscale.Lab.Talos;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Lab;

/// <summary>Each shape of the lab looks through the APIs as such a cluster does.</summary>
public sealed class LabShapeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. LabShape.All.Select(shape => shape.Name)];

    [Theory, MemberData(nameof(Names))]
    public async Task Every_shape_starts_and_its_nodes_that_are_on_run(string name)
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.Parse(name)));

        foreach (LabNode node in lab.Cluster.Nodes.Where(node => !node.Options.IsOff))
        {
            TalosMachineStatus status = await lab.Client(node.Name).MachineStatusAsync(Stop);
            Assert.Equal("running", status.Stage);
            Assert.Equal(node.Nodename, await lab.Client(node.Name).NodenameAsync(Stop));
        }
    }

    private static async Task<IEnumerable<string>> NodeNamesAsync(LabCluster lab)
    {
        byte[] kubeconfig = Encoding.UTF8.GetBytes(lab.Part<LabKubernetesPart>()!.AdminKubeconfig);
        using KubernetesConnection cluster = KubernetesConnection.FromNode(kubeconfig, "the lab");
        return (await KubernetesNodes.ListAsync(cluster, Stop)).Select(node => node.Name);
    }

    [Fact]
    public void Shapes_are_found_by_name_and_applied_in_one_order()
    {
        var one = LabShape.Options(LabShape.Parse("ipv6-only, FiveControlPlanes"));
        var other = LabShape.Options(LabShape.Parse("fivecontrolplanes+IPv6Only"));

        Assert.Equal(one.Nodes, other.Nodes);
        Assert.Equal(5, one.Nodes.Count(node => node.Address.StartsWith("fd12:", StringComparison.Ordinal)));
        Assert.Contains(
            "TwinCluster",
            Assert.Throws<FormatException>(() => LabShape.Parse("twins")).Message,
            StringComparison.Ordinal
        );
    }

    // controllers/cluster/local_affiliate.go and member.go: the id is the Kubernetes name, the hostname is the FQDN.
    [Fact]
    public async Task With_a_domain_members_go_by_their_fqdn_and_host_names_do_not()
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.MembersWithDomain));
        TalosNodeClient ampone = lab.Client("ampone");

        TalosMember member = Assert.Single(await ampone.MembersAsync(Stop), one =>
            one.NodeId == lab.Cluster.Node("ampone").NodeId
        );
        Assert.Equal("talos-192-168-1-203.lab.example.com", member.Hostname);
        Assert.Equal("talos-192-168-1-203", await ampone.NodenameAsync(Stop));
        Assert.Equal("talos-192-168-1-203", lab.Cluster.Node("ampone").Hostname);
        Assert.Contains(await ampone.EtcdMemberListAsync(Stop), one => one.Hostname == "talos-192-168-1-203");
    }

    // controllers/k8s/nodename.go: with registerWithFQDN the Kubernetes name is the FQDN, in lower case.
    [Fact]
    public async Task Kubernetes_names_can_be_unlike_host_names_and_inventory()
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.KubernetesNamesDiffer));
        LabNode ampone = lab.Cluster.Node("ampone");

        Assert.Equal("rack-ampone", ampone.Hostname);
        Assert.Equal("rack-ampone.lab.example.com", await lab.Client("ampone").NodenameAsync(Stop));
        Assert.Contains("rack-ampone.lab.example.com", await NodeNamesAsync(lab.Cluster), StringComparer.Ordinal);
    }

    // controllers/cluster/local_affiliate.go: with discovery off there is no affiliate, so no member, of the node itself.
    [Fact]
    public async Task With_discovery_off_a_node_has_no_members_not_even_itself()
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.DiscoveryOff));

        Assert.Empty(await lab.Client("ampone").MembersAsync(Stop));
        Assert.Equal(3, (await lab.Client("ampone").EtcdMemberListAsync(Stop)).Count);
    }

    [Fact]
    public async Task On_a_lan_of_ipv6_every_address_is_ipv6()
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.IPv6Only));
        TalosNodeClient ampone = lab.Client("ampone");

        Assert.All(await ampone.EtcdMemberListAsync(Stop), member =>
            Assert.Matches(@"^https://\[fd12:3456:789a:1::\d+\]:2380$", Assert.Single(member.PeerUrls))
        );
        Assert.All(await ampone.MembersAsync(Stop), one => Assert.Contains(':', Assert.Single(one.Addresses)));
    }

    [Fact]
    public async Task Of_five_control_planes_one_has_no_vote_and_one_is_off()
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.FiveControlPlanes));
        var members = await lab.Client("ampone").EtcdMemberListAsync(Stop);

        Assert.Equal(5, members.Count);
        Assert.Equal("talos-192-168-1-90", Assert.Single(members, member => member.IsLearner).Hostname);
        Assert.True((await lab.Client("rome").EtcdStatusAsync(Stop)).IsLearner);
        await Assert.ThrowsAsync<TsException>(() => lab.Client("milan").EtcdStatusAsync(Stop));
        Assert.NotEqual(0UL, lab.Cluster.Etcd.Leader);

        // Three of four voters are left, and three are the quorum: the learner's answer does not help.
        lab.Cluster.Node("altra").PowerCycle();
        await lab.Cluster.Node("altra").WhenAsync(node => !node.IsApiUp, Stop);
        Assert.Equal(0UL, lab.Cluster.Etcd.Leader);
    }

    [Fact]
    public async Task The_variable_of_systemd_boot_names_the_partition_that_was_booted()
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.TwoEsps));
        TalosNodeClient ampone = lab.Client("ampone");
        var esps = (await ampone.DiscoveredVolumesAsync(Stop))
            .Where(volume => volume.PartitionLabel == "EFI")
            .ToArray();

        Assert.Equal(["nvme0n1", "sda"], esps.Select(esp => esp.Parent));
        Assert.Equal(
            esps[0].PartitionUuid.ToUpperInvariant(),
            lab.Cluster.Node("ampone").LoaderVariables.DevicePartUuid
        );
    }

    [Fact]
    public async Task The_twin_has_the_same_names_and_other_secrets_and_is_what_the_kubeconfig_points_to()
    {
        await using var session = await LabSession.StartAsync(LabShape.Options(LabShape.TwinCluster));
        LabCluster twin = session.Lab.Twin!;

        Assert.Equal(session.Lab.Nodes.Select(node => node.Nodename), twin.Nodes.Select(node => node.Nodename));
        Assert.Empty(session.Lab.Nodes.Select(node => node.NodeId).Intersect(twin.Nodes.Select(node => node.NodeId)));
        string kubeconfig = await File.ReadAllTextAsync(session.Client.Environment["KUBECONFIG"], Stop);
        Assert.Contains("current-context: admin@twin", kubeconfig, StringComparison.Ordinal);
        Assert.Contains(
            twin.Part<LabKubernetesPart>()!.Api.Address.Authority,
            kubeconfig.Split("name: lab")[0],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_operator_may_read_and_restart_and_not_read_files()
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.OperatorRole));

        Assert.NotEmpty(await lab.Client("ampone").ServiceListAsync(Stop));
        TsException refused = await Assert.ThrowsAsync<TsException>(() => lab.Client("ampone").BootIdAsync(Stop));
        Assert.Equal("TalosRoleMissing", refused.ErrorId);
    }

    [Theory, InlineData("KeysP256", LabKeyAlgorithm.EcdsaP256), InlineData("KeysRsa", LabKeyAlgorithm.Rsa)]
    public async Task Certificates_have_the_keys_that_the_shape_says(string name, LabKeyAlgorithm expected)
    {
        await using var lab = await TalosLab.StartAsync(LabShape.Options(LabShape.Parse(name)));

        Assert.Equal(expected, lab.Api.Authority.Certificate.Algorithm);
        Assert.Equal(expected, lab.Api.ServerCertificate.Algorithm);
        Assert.NotEmpty(await lab.Client("ampone").ServiceListAsync(Stop));
    }

    [Fact]
    public async Task The_inventory_beside_the_lab_fits_its_nodes()
    {
        await using var session = await LabSession.StartAsync(
            LabShape.Options(LabShape.FiveControlPlanes, LabShape.IPv6Only)
        );

        var nodes = session.Invoke("Get-TsNode").OutputOf<TsNode>();

        Assert.Equal(
            session.Lab.Nodes.Select(node => (node.Name, node.Address)).Order(),
            nodes.Select(node => (node.Name, node.Address)).Order()
        );
    }
}
