using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>Members of etcd as people have reported them: whether one may stop, and what is said of those that are odd.</summary>
public sealed class EtcdOddMembersTests : IAsyncLifetime
{
    private TalosLab? _lab;

    private LabEtcd Etcd => Lab.Cluster.Etcd;

    private TalosLab Lab => _lab!;

    private static CancellationToken Stop => TalosLab.Stop;

    public async ValueTask InitializeAsync() => _lab = await TalosLab.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    // siderolabs/talos#7903: a node that came back with another address stays a learner.
    [Fact]
    public async Task A_learner_that_is_stuck_counts_neither_for_nor_against()
    {
        Etcd.Change(Id("altra"), member => member with { IsLearner = true });

        Assert.Contains("there are too few members", await RefusedAsync("ryzen"), StringComparison.Ordinal);
        await EtcdQuorum.CheckRestartAsync(Lab.Client("altra"), EtcdQuorum.Force, SilentReporter.Instance, Stop);
        TsException e = await Assert.ThrowsAsync<TsException>(() => EtcdWhole.RequireAsync(Lab.Client("ryzen"), Stop));
        Assert.Equal("EtcdNotWhole", e.ErrorId);
        Assert.Contains($"({Hex("altra")}) still learns", e.Message, StringComparison.Ordinal);
    }

    // etcd-io/etcd#18347, #19557 and #21694: the list and the member differ on whether it votes.
    [Theory]
    [InlineData(false, true, "only learns by its own word and votes by the list of members")]
    [InlineData(true, false, "only learns by the list of members and votes by its own word")]
    public async Task One_that_votes_only_by_some_is_a_voter_that_is_not_counted_on(bool list, bool own, string said)
    {
        Etcd.Change(Id("altra"), m => m with { IsLearner = list, OwnWord = (m.Id, own) });

        string message = await RefusedAsync("ryzen");

        Assert.Contains("1 healthy voters of the 2", message, StringComparison.Ordinal);
        Assert.Contains($"({Hex("altra")}) {said}", message, StringComparison.Ordinal);
    }

    // siderolabs/cluster-api-control-plane-provider-talos#203: three control planes Ready, two members.
    [Fact]
    public async Task A_control_plane_that_has_not_joined_is_not_restarted_nor_are_the_two_members()
    {
        Etcd.Remove(Id("altra"));

        Assert.Contains("there are too few members", await RefusedAsync("ryzen"), StringComparison.Ordinal);
        TsException e = await Assert.ThrowsAsync<TsException>(() => CheckAsync("altra"));
        Assert.Contains("etcd is not running", e.Message, StringComparison.Ordinal);
    }

    // siderolabs/talos#9153 and #9789: "the member has been permanently removed from the cluster". Counted as one of the
    // others it would make up for one that is down.
    [Fact]
    public async Task A_node_that_is_none_of_the_members_is_not_restarted()
    {
        Lab.Cluster.Node("altra").Faults.Set(LabFault.CallFails, "EtcdStatus Unavailable connection refused");
        Etcd.Change(Id("ryzen"), member => member with { OwnWord = (0xdead, false) });

        TsException e = await Assert.ThrowsAsync<TsException>(() => CheckAsync("ryzen"));

        Assert.Equal("EtcdMemberUnknown", e.ErrorId);
        Assert.Contains("000000000000dead", e.Message, StringComparison.Ordinal);
        Assert.Contains(Hex("altra"), e.Message, StringComparison.Ordinal);
    }

    // siderolabs/talos#9789 and #8760: a peer URL for each family, of which one is not reached.
    [Theory]
    [InlineData("https://[2001:db8::41]:2380")]
    [InlineData("https://192.168.9.9:2380")]
    // etcd-io/etcd#790 and siderolabs/talos#2120: a zone, and an address without brackets.
    [InlineData("https://[fe80::62eb:69ff:fe82:12fa%25eth0]:2380")]
    [InlineData("https://fe80::ca7:82ff:fe53:bad3:2380")]
    [InlineData("unix://localhost:2380")]
    [InlineData("localhost:2380")]
    [InlineData("")]
    public async Task Of_several_peer_URLs_one_that_answers_will_do(string odd)
    {
        Etcd.Change(Id("altra"), member => member with { OtherPeerUrls = [odd] });
        await CheckAsync("ryzen");

        Etcd.Change(Id("altra"), member => member with { OtherPeerUrls = [], PeerUrl = odd });
        Assert.Contains(Hex("altra"), await RefusedAsync("ryzen"), StringComparison.Ordinal);
    }

    // bzub/tink#8: members that are advertised by name.
    [Fact]
    public async Task A_peer_URL_with_a_host_name_is_asked_by_that_name()
    {
        Etcd.Change(Id("altra"), m => m with { PeerUrl = $"https://{Lab.Cluster.Node("altra").Hostname}:2380" });

        await CheckAsync("ryzen");
    }

    // kubernetes-sigs/cluster-api#2031: no name and no client URL until the first start.
    [Fact]
    public async Task A_member_that_never_started_counts_as_a_voter_that_is_down()
    {
        LabEtcdMember added = Etcd.AddStaleMember("", "192.168.1.77");

        string message = await RefusedAsync("ryzen", down: "altra");

        Assert.Contains("1 healthy voters of the 3", message, StringComparison.Ordinal);
        Assert.Contains($"({added.Id:x16}, never started) does not answer", message, StringComparison.Ordinal);
    }

    // siderolabs/talos#9145 and #8760: one node twice, with its name and its address.
    [Fact]
    public async Task Two_members_of_one_name_and_address_are_told_apart_by_their_ids()
    {
        LabNode altra = Lab.Cluster.Node("altra");
        LabEtcdMember stale = Etcd.AddStaleMember(altra.Hostname, altra.Address);

        string message = await RefusedAsync("ryzen");

        Assert.Contains("2 healthy voters of the 3", message, StringComparison.Ordinal);
        Assert.Contains($"({stale.Id:x16}) is not the member that answers", message, StringComparison.Ordinal);
        Assert.DoesNotContain(Hex("altra"), message, StringComparison.Ordinal);
        TsException alive = await Assert.ThrowsAsync<TsException>(() => RemoveAsync(Id("altra")));
        Assert.Equal("EtcdMemberAlive", alive.ErrorId);
        Assert.Equal(stale.Id, (await RemoveAsync(stale.Id)).Id);
    }

    // etcd-io/etcd#13467 and #16337: the status of every member lists every alarm, and each of them answers well.
    [Theory]
    [InlineData("NOSPACE")]
    [InlineData("CORRUPT")]
    public async Task An_alarm_is_told_of_the_member_that_raised_it(string alarm)
    {
        Lab.Cluster.Node("altra").Faults.Set(LabFault.EtcdAlarm, alarm);

        string message = await RefusedAsync("ryzen");

        Assert.Contains("0 healthy voters of the 2", message, StringComparison.Ordinal);
        Assert.Contains($"({Hex("altra")}) raises the alarm {alarm}: ", message, StringComparison.Ordinal);
        Assert.Contains($"({Hex("ampone")}) is held up by the alarm {alarm} of", message, StringComparison.Ordinal);
        Assert.DoesNotContain($"({Hex("ampone")}) raises", message, StringComparison.Ordinal);
        Assert.Contains($"is held up by the alarm {alarm}", await RefusedAsync("altra"), StringComparison.Ordinal);
    }

    // What the advice says works: the node is switched off, and its member, whose alarm stays, is removed.
    [Fact]
    public async Task A_corrupt_member_is_removed_once_its_node_is_off_and_not_before()
    {
        LabNode altra = Lab.Cluster.Node("altra");
        altra.Faults.Set(LabFault.EtcdAlarm, "CORRUPT");

        TsException e = await Assert.ThrowsAsync<TsException>(() => RemoveAsync(Id("altra")));
        Assert.Equal("EtcdMemberAlive", e.ErrorId);
        Assert.Contains("raises the alarm CORRUPT", e.Message, StringComparison.Ordinal);

        Assert.Contains("Remove-TalosEtcdMember -Force", e.Message, StringComparison.Ordinal);

        await SwitchOffAsync(altra);
        Assert.Equal(Id("altra"), (await RemoveAsync(Id("altra"), force: true)).Id);
    }

    // hcloud-k8s/terraform-hcloud-kubernetes#183: a member that is not healthy although its node answers.
    [Theory]
    [InlineData("booting")]
    [InlineData("rebooting")]
    [InlineData("upgrading")]
    public async Task A_member_on_a_machine_that_is_not_running_is_not_counted_on_and_not_removed(string stage)
    {
        Lab.Cluster.Node("altra").Change(node => node.Stage = Enum.Parse<LabStage>(stage, ignoreCase: true));

        Assert.Contains($"in stage '{stage}'", await RefusedAsync("ryzen"), StringComparison.Ordinal);
        Assert.Equal(
            "EtcdMemberAlive",
            (await Assert.ThrowsAsync<TsException>(() => RemoveAsync(Id("altra")))).ErrorId
        );
    }

    private ulong Id(string node) => Etcd.MemberOf(Lab.Cluster.Node(node))!.Id;

    private string Hex(string node) => $"{Id(node):x16}";

    private Task CheckAsync(string node) =>
        EtcdQuorum.CheckRestartAsync(Lab.Client(node), EtcdQuorum.Force, SilentReporter.Instance, Stop);

    // A follower whose Talos API answers everything but how its etcd is.
    [Fact]
    public async Task A_member_whose_machine_says_who_it_is_lives_though_its_status_cannot_be_had()
    {
        Lab.Cluster.Node("altra").Faults.Set(LabFault.CallFails, "EtcdStatus Unavailable etcd: request timed out");

        TsException e = await Assert.ThrowsAsync<TsException>(() => RemoveAsync(Id("altra"), force: true));
        Assert.Equal("EtcdMemberAlive", e.ErrorId);
        Assert.Contains($"({Hex("altra")}) is that of", e.Message, StringComparison.Ordinal);
    }

    // The others name it in their status, which is all that can be had of it.
    [Fact]
    public async Task The_leader_lives_though_its_Talos_API_hangs()
    {
        LabNode lead = Lab.Cluster.Nodes.Single(node => Etcd.MemberOf(node)!.Id == Etcd.Leader);
        string other = Lab.Cluster.Nodes.First(node => node != lead).Name;
        lead.Faults.Set(LabFault.NeverAnswers);

        TsException e = await Assert.ThrowsAsync<TsException>(() => RemoveAsync(Etcd.Leader, true, other));

        Assert.Equal("EtcdMemberAlive", e.ErrorId);
        Assert.Contains("leads, by the word of", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_machine_may_be_any_member_that_is_silent_and_the_advice_works()
    {
        LabEtcdMember stale = Etcd.AddStaleMember("gone", "192.168.1.99");
        Assert.Equal(stale.Id, (await RemoveAsync(stale.Id)).Id);
        LabNode altra = Lab.Cluster.Node("altra");
        Etcd.Remove(stale.Id);
        await SwitchOffAsync(altra);

        TsException e = await Assert.ThrowsAsync<TsException>(() => RemoveAsync(Id("altra")));
        Assert.Equal("EtcdMemberMayLive", e.ErrorId);
        Assert.Contains($"'{altra.Hostname}' may be it", e.Message, StringComparison.Ordinal);
        Assert.Contains("'Remove-TalosEtcdMember -Force'", e.RecommendedAction, StringComparison.Ordinal);

        Assert.Equal(Id("altra"), (await RemoveAsync(Id("altra"), force: true)).Id);
    }

    [Fact]
    public async Task A_machine_that_names_no_member_may_be_any_that_is_silent()
    {
        LabNode altra = Lab.Cluster.Node("altra");
        LabEtcdMember own = Etcd.MemberOf(altra)!;
        LabEtcdMember stale = Etcd.AddStaleMember("gone", "192.168.1.99");
        Etcd.Remove(own.Id);

        TsException e = await Assert.ThrowsAsync<TsException>(() => RemoveAsync(stale.Id));

        Assert.Equal("EtcdMemberMayLive", e.ErrorId);
        Assert.Contains("the machine names none", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_discovery_nobody_knows_whether_a_machine_is_the_member()
    {
        await using TalosLab lab = await TalosLab.StartAsync(new LabOptions { Discovery = false });
        ulong stale = lab.Cluster.Etcd.AddStaleMember("gone", "192.168.1.99").Id;

        TsException e = await Assert.ThrowsAsync<TsException>(() => RemoveAsync(stale, false, "ryzen", lab));
        Assert.Equal("EtcdMemberMayLive", e.ErrorId);
        Assert.Contains("discovery is off", e.Message, StringComparison.Ordinal);
        Assert.Equal(stale, (await RemoveAsync(stale, true, "ryzen", lab)).Id);
    }

    private static async Task SwitchOffAsync(LabNode node)
    {
        node.Faults.Set(LabFault.NeverBoots);
        node.PowerCycle();
        await node.WhenAsync(one => !one.IsApiUp, Stop);
    }

    private async Task<TalosEtcdMember> RemoveAsync(
        ulong id,
        bool force = false,
        string through = "ryzen",
        TalosLab? lab = null
    )
    {
        TalosNodeClient node = (lab ?? Lab).Client(through);
        return await EtcdQuorum.CheckRemovalAsync(
            node,
            id,
            await node.MembersAsync(Stop),
            force,
            SilentReporter.Instance,
            Stop
        );
    }

    private async Task<string> RefusedAsync(string node, string? down = null)
    {
        if (down is not null)
            Lab.Cluster.Node(down).Faults.Set(LabFault.CallFails, "EtcdStatus Unavailable connection refused");
        TsException e = await Assert.ThrowsAsync<TsException>(() => CheckAsync(node));
        Assert.Equal("EtcdQuorumAtRisk", e.ErrorId);
        return e.Message;
    }
}
