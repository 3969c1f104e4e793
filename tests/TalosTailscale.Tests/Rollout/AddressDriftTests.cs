using System.Text.Json.Nodes;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>The runbook's fifth failure: a node rebooted and came back at 192.168.1.203, while everything says .202.</summary>
public sealed class AddressDriftTests
{
    private const string Old = "192.168.1.202";
    private const string New = "192.168.1.203";

    private static readonly AddressForms s_forms = new(Old, New, "talos-192-168-1-202", "talos-192-168-1-203");

    [Fact]
    public async Task After_the_repair_nothing_says_the_old_address_and_all_else_keeps_its_bytes()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        LabEtcdMember stale = lab.Lab.Etcd.AddStaleMember("talos-192-168-1-202", Old);
        Dictionary<string, byte[]> files = lab.Files();
        Dictionary<string, string> configs = lab.Lab.Nodes.ToDictionary(
            node => node.Name,
            node => node.ActiveConfig.Text
        );

        PowerShellResult result = lab.Update("-Repair All -Confirm:$false");

        result.AssertNoErrors();
        IReadOnlyList<TsAddressReference> references = result.OutputOf<TsAddressReference>();
        Assert.All(references, one => Assert.True(one.IsRepaired, $"{one} {one.Old} {one.Note}"));
        Assert.Equal(
            TsAddressPlace.All & ~TsAddressPlace.OtherFile,
            references.Aggregate(TsAddressPlace.None, (all, one) => all | one.Place)
        );

        Assert.DoesNotContain(lab.Lab.Etcd.Members, member =>
            member.Id == stale.Id || member.ToString().Contains(Old, StringComparison.Ordinal)
        );
        Assert.Equal(3, lab.Lab.Etcd.Members.Count);
        Assert.Equal(["talos-192-168-1-194", "talos-192-168-1-203", "talos-192-168-1-85"], lab.KubernetesNodes());
        foreach (LabNode node in lab.Lab.Nodes)
            Assert.Equal(Moved(configs[node.Name]), node.ActiveConfig.Text);
        foreach ((string path, byte[] before) in files)
        {
            byte[] now = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(Moved(System.Text.Encoding.UTF8.GetString(before)), System.Text.Encoding.UTF8.GetString(now));
            Assert.False(AddressFinder.Contains(System.Text.Encoding.UTF8.GetString(now), s_forms), path);
        }

        Assert.Equal(files.Keys.Order(), lab.Files().Keys.Order());
        lab.Update("-Repair All -Confirm:$false -OldAddress 192.168.1.202").AssertNoErrors();
        Assert.Empty(lab.Update("-OldAddress 192.168.1.202").Output);
        Assert.Equal(New, DeviceInventory.Load(lab.Session.Devices).Find("ampone").Address);
    }

    /// <summary>Boards leave the factory with one system UUID: a node that is off is not for that a neighbour that lives.</summary>
    [Fact]
    public async Task A_firmware_UUID_that_all_share_makes_no_other_machine_of_a_node_that_is_off()
    {
        var shared = Guid.Parse("03000200-0400-0500-0006-000700080009");
        await using LabSession session = await LabSession.StartAsync(
            new LabOptions { Nodes = [.. LabNodeOptions.Runbook.Select(node => node with { SystemUuid = shared })] }
        );
        foreach (string other in (string[])["ryzen", "altra"])
            Directory.Delete(Path.Combine(session.Devices, other), recursive: true);
        LabNode ampone = session.Lab.Node("ampone");
        ampone.Power.Off();
        await ampone.WhenAsync(node => !node.IsKubernetesReady, TestContext.Current.CancellationToken);

        session.Invoke("Update-TalosNodeAddress ampone -Repair KubernetesNode, NodeFile, EtcdMember -Confirm:$false");

        Assert.Equal(3, session.Lab.Etcd.Members.Count);
        Assert.Equal("192.168.1.203", DeviceInventory.Load(session.Devices).Find("ampone").Address);
    }

    /// <summary>Where discovery is off nobody lists the machines, and a member without a machine is not for that a dead one.</summary>
    [Fact]
    public async Task Without_discovery_a_living_member_at_the_old_address_stays()
    {
        await using LabSession session = await LabSession.StartAsync(
            new LabOptions { Discovery = false, BootTime = TimeSpan.Zero }
        );
        foreach (
            (string name, string address) in (ValueTuple<string, string>[])[("ampone", "192.168.1.204"), ("altra", New)]
        )
        {
            LabNode node = session.Lab.Node(name);
            node.Faults.Set(LabFault.AddressChanged, address);
            Guid boot = node.BootId;
            node.PowerCycle();
            await node.WhenAsync(n => n.BootId != boot && n.IsReady, TestContext.Current.CancellationToken);
        }

        PowerShellResult result = session.Invoke(
            $"param($folder) Update-TalosNodeAddress ampone -OldAddress {New} -NewAddress 192.168.1.204 -Path $folder "
                + "-Repair EtcdMember -Confirm:$false",
            ("folder", session.Devices)
        );

        TsAddressReference[] members =
        [
            .. result.OutputOf<TsAddressReference>().Where(one => one.Place == TsAddressPlace.EtcdMember),
        ];
        Assert.NotEmpty(members);
        Assert.All(members, one => Assert.False(one.IsStale || one.IsRepaired, $"{one} {one.Note}"));
        Assert.Equal(3, session.Lab.Etcd.Members.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-Repair All, Hostname -WhatIf")]
    public async Task Looking_and_what_if_change_nothing(string arguments)
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        lab.Lab.Etcd.AddStaleMember("talos-192-168-1-202", Old);
        Dictionary<string, byte[]> files = lab.Files();
        string state = lab.State();

        PowerShellResult result = lab.Update(arguments);

        result.AssertNoErrors();
        Assert.NotEmpty(result.Output);
        Assert.All(result.OutputOf<TsAddressReference>(), one => Assert.False(one.IsRepaired));
        Assert.Equal(state, lab.State());
        Dictionary<string, byte[]> after = lab.Files();
        Assert.Equal(files.Keys.Order(), after.Keys.Order());
        foreach ((string path, byte[] before) in files)
            Assert.Equal(before, after[path]);
    }

    [Fact]
    public async Task Places_come_with_line_and_column_and_without_secrets()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);

        PowerShellResult result = lab.Update("");

        IReadOnlyList<TsAddressReference> references = result.OutputOf<TsAddressReference>();
        TsAddressReference server = Assert.Single(references, one => one.Place == TsAddressPlace.Haproxy);
        Assert.Equal(("    server ampone ".Length + 1, Old, New), (server.Column!.Value, server.Old, server.New));
        string line = (await File.ReadAllLinesAsync(server.Source, TestContext.Current.CancellationToken))[
            server.Line!.Value - 1
        ];
        Assert.Equal(line.Trim(), server.Text);
        Assert.Equal(
            "contexts.lab.nodes[1]",
            references.First(one => one.Place == TsAddressPlace.TalosConfig && one.Text != "comment").Text
        );
        Assert.Contains(references, one => one is { Place: TsAddressPlace.MachineConfig, Text: "machine.certSANs[0]" });
        Assert.Contains(references, one =>
            one is { Place: TsAddressPlace.NodeFile, Old: "192-168-1-202", New: "192-168-1-203" }
        );
        PowerShellResult repaired = lab.Update("-Repair All, Hostname -Confirm:$false -Verbose");
        Assert.Contains(repaired.Verbose, line =>
            line.Contains("\n+    server ampone 192.168.1.203:6443 check", StringComparison.Ordinal)
        );
        Assert.Contains(repaired.Verbose, line =>
            line.Contains("nodes[1]: 192.168.1.202 -> 192.168.1.203", StringComparison.Ordinal)
        );
        string said = result.AllText() + repaired.AllText();
        Assert.True(lab.Secrets().Count() > 10);
        foreach (string secret in lab.Secrets())
            Assert.DoesNotContain(secret, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_kept_its_name_keeps_it_and_is_not_renamed_while_volumes_are_bound_to_it()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: true);
        KubeStore store = lab.Lab.Part<LabKubernetesPart>()!.Api.Store;
        KubeResource volumes = KubeResource.Find("", "persistentvolumes")!;
        store.Create(
            volumes,
            JsonNode
                .Parse(
                    """
                    {"metadata":{"name":"osd-data"},"spec":{"nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[
                      {"key":"kubernetes.io/hostname","operator":"In","values":["talos-192-168-1-202"]}]}]}}}}
                    """
                )!
                .AsObject()
        );

        PowerShellResult kept = lab.Update("-Repair All -Confirm:$false");
        kept.AssertNoErrors();
        TsAddressReference[] names = [.. kept.OutputOf<TsAddressReference>().Where(one => one.Old == "192-168-1-202")];
        Assert.NotEmpty(names);
        Assert.All(names, one => Assert.False(one.IsRepaired || one.IsStale));
        Assert.Equal("talos-192-168-1-202", lab.Lab.Node("ampone").Hostname);

        PowerShellResult refused = lab.Update("-OldAddress 192.168.1.202 -Repair Hostname -Confirm:$false");
        refused.AssertError("VolumesPinned");
        Assert.Equal("talos-192-168-1-202", lab.Lab.Node("ampone").Hostname);

        store.Delete(volumes, null, "osd-data");
        lab.Update("-OldAddress 192.168.1.202 -Repair Hostname -Confirm:$false").AssertNoErrors();
        Assert.Equal("talos-192-168-1-203", lab.Lab.Node("ampone").Hostname);
    }

    [Fact]
    public async Task A_stale_Kubernetes_node_with_a_volume_stays()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        lab.Lab.Part<LabKubernetesPart>()!
            .Api.Store.Create(
                KubeResource.Find("", "persistentvolumes")!,
                JsonNode
                    .Parse(
                        """
                        {"metadata":{"name":"data"},"spec":{"nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[
                          {"key":"kubernetes.io/hostname","operator":"In","values":["talos-192-168-1-202"]}]}]}}}}
                        """
                    )!
                    .AsObject()
            );

        lab.Update("-Repair KubernetesNode -Confirm:$false").AssertError("VolumesPinned");

        Assert.Contains("talos-192-168-1-202", lab.KubernetesNodes());
    }

    // DHCP gave the old address to a machine that boots just now: its node is not Ready and has the address.
    [Fact]
    public async Task The_Kubernetes_node_of_another_machine_stays_though_it_is_not_Ready()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: true);
        LabNode altra = lab.Lab.Node("altra");
        altra.Faults.Set(LabFault.AddressChanged, Old);
        Guid boot = altra.BootId;
        altra.PowerCycle();
        await altra.WhenAsync(node => node.BootId != boot && node.IsReady, TestContext.Current.CancellationToken);
        altra.Faults.Set(LabFault.NeverBoots);
        altra.PowerCycle();
        await altra.WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);

        PowerShellResult result = lab.Update(
            $"-OldAddress {Old} -NewAddress {New} -Repair KubernetesNode -Confirm:$false"
        );

        result.AssertNoErrors();
        TsAddressReference[] nodes =
        [
            .. result.OutputOf<TsAddressReference>().Where(one => one.Source == $"Kubernetes node {altra.Nodename}"),
        ];
        Assert.NotEmpty(nodes);
        Assert.All(nodes, one => Assert.False(one.IsStale || one.IsRepaired, $"{one} {one.Note}"));
        Assert.Contains(altra.Nodename, lab.KubernetesNodes());
    }

    // A node that did not say which member it is may be the one that is at the old address.
    [Fact]
    public async Task A_stale_etcd_member_stays_while_a_control_plane_is_silent()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        LabEtcdMember stale = lab.Lab.Etcd.AddStaleMember("talos-192-168-1-202", Old);
        LabNode altra = lab.Lab.Node("altra");
        altra.Faults.Set(LabFault.NeverBoots, null);
        altra.PowerCycle();
        await altra.WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);

        PowerShellResult result = lab.Update("-Repair EtcdMember -Confirm:$false");

        Assert.Contains(result.OutputOf<TsAddressReference>(), one =>
            one.Note?.Contains($"'{altra.Hostname}' does not say which member it is", StringComparison.Ordinal) == true
        );
        Assert.Contains(lab.Lab.Etcd.Members, member => member.Id == stale.Id);
    }

    [Fact]
    public async Task A_stale_etcd_member_stays_where_quorum_would_go()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        LabEtcdMember stale = lab.Lab.Etcd.AddStaleMember("talos-192-168-1-202", Old);
        lab.Lab.Node("altra").Faults.Set(LabFault.CallFails, "EtcdStatus Unavailable connection refused");

        lab.Update("-Repair EtcdMember -Confirm:$false").AssertError("EtcdQuorumAtRisk");

        Assert.Contains(lab.Lab.Etcd.Members, member => member.Id == stale.Id);
    }

    [Fact]
    public async Task A_load_balancer_file_that_haproxy_refuses_is_left_as_it_was()
    {
        if (ExternalProgram.Find("haproxy") is null)
            Assert.Skip("haproxy is not installed.");
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        string path = Path.Combine(lab.Session.Devices, "nuc", "k8s-api-lb", "haproxy.cfg");
        string text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        text = text.Replace("server ampone", "server talos-192-168-1-202", StringComparison.Ordinal)
            .Replace("server altra", "server talos-192-168-1-203", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);

        PowerShellResult result = lab.Update("-Repair Haproxy -Confirm:$false");

        result.AssertError("HaproxyConfigInvalid");
        Assert.Equal(text, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_identity_that_was_recorded_is_held_against_the_machine()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        string file = Path.Combine(lab.Session.Devices, "ampone", "node.yaml");
        string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            file,
            text + $"nodeId: {lab.Lab.Node("ampone").NodeId}\n",
            TestContext.Current.CancellationToken
        );

        PowerShellResult known = lab.Update("-Verbose");
        known.AssertNoErrors();
        Assert.Contains(known.Verbose, line => line.Contains("by its recorded identity", StringComparison.Ordinal));
        lab.Update("-NewAddress 192.168.1.194").AssertError("AddressOfAnotherMachine");

        await File.WriteAllTextAsync(file, text + "nodeId: another\n", TestContext.Current.CancellationToken);
        lab.Update("").AssertError("AddressOfAnotherMachine");
    }

    [Fact]
    public async Task An_address_that_another_machine_has_now_is_left_alone()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        LabNode altra = lab.Lab.Node("altra");
        altra.Faults.Set(LabFault.AddressChanged, Old);
        Guid boot = altra.BootId;
        altra.PowerCycle();
        await altra.WhenAsync(node => node.BootId != boot && node.IsReady, TestContext.Current.CancellationToken);
        Dictionary<string, byte[]> files = lab.Files();
        string[] cluster =
        [
            .. lab
                .Lab.Etcd.Members.Select(one => one.ToString())
                .Concat(lab.Lab.Nodes.Select(one => one.ActiveConfig.Text)),
        ];

        PowerShellResult result = lab.Update("-Repair All, Hostname -Confirm:$false");

        result.AssertNoErrors();
        Assert.All(
            result.OutputOf<TsAddressReference>().Where(one => one.Place != TsAddressPlace.KubernetesNode),
            one => Assert.False(one.IsStale || one.IsRepaired || one.Note is null, $"{one} {one.Old}")
        );
        Assert.Equal(
            cluster,
            lab.Lab.Etcd.Members.Select(one => one.ToString())
                .Concat(lab.Lab.Nodes.Select(one => one.ActiveConfig.Text))
        );
        foreach ((string path, byte[] before) in files)
            Assert.Equal(before, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Entries_of_other_clusters_keep_the_same_private_address()
    {
        await using Drifted lab = await Drifted.StartAsync(keepName: false);
        string talosConfig = lab.Session.Client.Environment["TALOSCONFIG"];
        string other = "    other:\n        endpoints:\n            - 192.168.1.202\n        ca: b3RoZXI=\n";
        await File.AppendAllTextAsync(talosConfig, other, TestContext.Current.CancellationToken);

        PowerShellResult result = lab.Update("-Repair TalosConfig -Confirm:$false");

        result.AssertNoErrors();
        string text = await File.ReadAllTextAsync(talosConfig, TestContext.Current.CancellationToken);
        Assert.EndsWith(other, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Old, text[..^other.Length], StringComparison.Ordinal);
        Assert.Contains(result.OutputOf<TsAddressReference>(), one =>
            one is { Text: "contexts.other.endpoints[0]", IsStale: false, Note: not null }
        );
    }

    private static string Moved(string text) => AddressFile.Replace(text, s_forms, AddressFinder.Find(text, s_forms));
}
