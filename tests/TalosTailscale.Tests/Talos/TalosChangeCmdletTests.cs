using System.Management.Automation;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Talos;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Talos;

/// <summary>The cmdlets that change nodes, to their good end, through the real engine against the lab.</summary>
public class TalosChangeCmdletTests
{
    private const string Busybox = "docker.io/library/busybox:1.37";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pull_is_told_from_an_image_that_was_there()
    {
        await using LabSession lab = await LabSession.StartAsync();

        lab.Invoke($"Save-TalosContainerImage ampone {Busybox} -WhatIf").AssertNoErrors();
        PowerShellResult first = lab.Invoke($"Save-TalosContainerImage ampone {Busybox} -Confirm:$false");
        first.AssertNoErrors();
        Assert.Empty(first.Warnings);
        TalosImagePull pull = first.Single<TalosImagePull>();
        Assert.True(pull.Pulled);
        Assert.StartsWith("sha256:", pull.Digest, StringComparison.Ordinal);

        PowerShellResult again = lab.Invoke($"Save-TalosContainerImage ampone {Busybox} -Confirm:$false");
        Assert.False(again.Single<TalosImagePull>().Pulled);
        Assert.Contains("nothing was asked of the registry", Assert.Single(again.Warnings), StringComparison.Ordinal);

        lab.Invoke($"Save-TalosContainerImage ampone {Busybox} -Fresh -Confirm:$false")
            .AssertError("TalosUnimplemented");
        lab.Invoke("Save-TalosContainerImage ampone factory.talos.dev/nosuch/image:v1 -Confirm:$false")
            .AssertError("TalosNotFound");
    }

    [Fact]
    public async Task On_1_13_a_fresh_pull_is_a_true_one()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { TalosVersion = "v1.13.9" });

        Assert.True(
            lab.Invoke($"Save-TalosContainerImage ampone {Busybox} -Confirm:$false").Single<TalosImagePull>().Pulled
        );
        Assert.False(
            lab.Invoke($"Save-TalosContainerImage ampone {Busybox} -Confirm:$false").Single<TalosImagePull>().Pulled
        );
        PowerShellResult fresh = lab.Invoke($"Save-TalosContainerImage ampone {Busybox} -Fresh -Confirm:$false");
        fresh.AssertNoErrors();
        Assert.Empty(fresh.Warnings);
        Assert.True(fresh.Single<TalosImagePull>().Pulled);
    }

    [Theory]
    [InlineData("v1.12.4", "v1.12.9")]
    [InlineData("v1.13.4", "v1.13.9")]
    public async Task An_upgrade_comes_back_with_the_version_that_it_installed(string from, string to)
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { TalosVersion = from });
        Guid before = lab.Lab.Node("ampone").BootId;

        PowerShellResult result = lab.Invoke(
            $"Update-TalosNode ampone ghcr.io/siderolabs/installer:{to} -Wait -Timeout 00:02:00 -Confirm:$false"
        );

        result.AssertNoErrors();
        TalosUpgrade upgrade = result.Single<TalosUpgrade>();
        Assert.Equal(("ampone", from, to), (upgrade.Node, upgrade.PreviousVersion, upgrade.Version));
        Assert.NotEqual(before, lab.Lab.Node("ampone").BootId);
    }

    [Fact]
    public async Task The_plain_installer_of_1_14_is_not_published()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { TalosVersion = "v1.13.9" });
        Guid before = lab.Lab.Node("ampone").BootId;
        PowerShellResult result = lab.Invoke(
            "Update-TalosNode ampone ghcr.io/siderolabs/installer:v1.14.0 -Confirm:$false"
        );
        result.AssertError("TalosNotFound");
        Assert.Equal(before, lab.Lab.Node("ampone").BootId);
    }

    [Fact]
    public async Task An_image_with_tailscale_is_refused_until_the_node_has_its_configuration()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode ryzen = lab.Lab.Node("ryzen");
        Guid before = ryzen.BootId;
        const string upgrade =
            "New-TalosSchematic | Save-TalosImage -Node ryzen -Kind Installer | Update-TalosNode -Confirm:$false ";

        PowerShellResult refused = lab.Invoke(upgrade + "-Wait");
        refused.AssertError("ServiceConfigMissing");
        ErrorRecord error = Assert.Single(refused.Errors);
        Assert.Contains(
            "'ryzen', whose ExtensionServiceConfig 'tailscale' is not in the active configuration",
            error.Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("New-TsExtensionServiceConfig", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(before, ryzen.BootId);

        lab.Invoke(upgrade + "-AllowMissingServiceConfig").AssertNoErrors();
        await ryzen.WhenAsync(
            node =>
                node.BootId != before
                && node.UnmetConditions.Any(c => c.Reason.Contains("ext-tailscale", StringComparison.Ordinal)),
            Stop
        );
        lab.Invoke(
                "param($key) 'ryzen' | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru | Set-TalosMachinePatch -Confirm:$false",
                ("key", lab.KeyReference)
            )
            .AssertNoErrors();
        await ryzen.WhenAsync(node => node.IsReady, Stop);
        lab.Invoke(upgrade + "-Wait").AssertNoErrors();
    }

    [Fact]
    public async Task A_dead_etcd_member_is_removed_and_a_needed_quorum_is_kept()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabEtcdMember stale = lab.Lab.Etcd.AddStaleMember("gone", "192.168.1.99");

        lab.Invoke("Get-TalosEtcdMember ryzen | Where-Object Hostname -eq gone | Remove-TalosEtcdMember -WhatIf")
            .AssertNoErrors();
        Assert.Contains(stale, lab.Lab.Etcd.Members);
        lab.Invoke(
                "Get-TalosEtcdMember ryzen, altra | Where-Object Hostname -eq gone | Remove-TalosEtcdMember -Confirm:$false"
            )
            .AssertNoErrors();
        Assert.DoesNotContain(stale, lab.Lab.Etcd.Members);
        Assert.Equal(3, lab.Lab.Etcd.Members.Count);

        // Three live of six: to remove any needs four.
        LabEtcdMember[] dead =
        [
            .. Enumerable.Range(0, 3).Select(i => lab.Lab.Etcd.AddStaleMember($"dead{i}", $"192.168.1.{90 + i}")),
        ];
        lab.Invoke("param($id) Remove-TalosEtcdMember ryzen $id -Confirm:$false", ("id", dead[0].Id))
            .AssertError("EtcdQuorumAtRisk");
        Assert.Equal(6, lab.Lab.Etcd.Members.Count);
    }

    [Fact]
    public async Task Several_control_planes_in_one_command_are_never_away_together()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { BootTime = TimeSpan.FromSeconds(1) });
        Guid[] before = [.. lab.Lab.Nodes.Select(node => node.BootId)];

        PowerShellResult result = lab.Invoke(
            "Restart-TalosNode ryzen, ampone, altra -Timeout 00:01:00 -Confirm:$false -Verbose"
        );

        result.AssertNoErrors();
        Assert.Equal(2, result.Verbose.Count(line => line.Contains("waits until", StringComparison.Ordinal)));
        Assert.All(["ryzen", "ampone"], name => Assert.DoesNotContain(lab.Lab.Node(name).BootId, before));
        LabNode last = lab.Lab.Node("altra");
        await last.WhenAsync(node => !before.Contains(node.BootId), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(null, "raises the alarm NOSPACE: the database is full")]
    [InlineData("CORRUPT", "raises the alarm CORRUPT: its data differ")]
    public async Task An_alarm_of_etcd_is_told_by_its_name_and_what_to_do(string? alarm, string said)
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Node("altra").Faults.Set(LabFault.EtcdAlarm, alarm);
        Guid before = lab.Lab.Node("ryzen").BootId;

        PowerShellResult result = lab.Invoke("Restart-TalosNode ryzen -Confirm:$false");

        string message = result.AssertError("EtcdQuorumAtRisk").Exception.Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.Contains("talos-192-168-1-85", message, StringComparison.Ordinal);
        Assert.Equal(before, lab.Lab.Node("ryzen").BootId);
    }

    [Fact]
    public async Task With_one_control_plane_down_no_other_is_restarted_though_no_member_is_known()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { Discovery = false });
        LabNode down = lab.Lab.Node("altra");
        down.Faults.Set(LabFault.NeverBoots);
        down.PowerCycle();
        await down.WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);

        lab.Invoke("Restart-TalosNode ryzen -Confirm:$false").AssertError("EtcdQuorumAtRisk");
    }

    [Fact]
    public async Task A_watch_tells_what_is_there_and_what_changes()
    {
        await using LabSession lab = await LabSession.StartAsync();
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        PowerShellResult result = await lab.Session.InvokeAndStopAsync(
            """
            param($changed)
            Get-TalosResource ampone services -Watch | ForEach-Object {
                if ($_.Kind -eq 'Bootstrapped') { Restart-TalosService ampone kubelet -Confirm:$false }
                if ($_.Kind -eq 'Updated') { $null = $changed.TrySetResult() }
                $_
            }
            """,
            () => changed.Task,
            ("changed", changed)
        );

        TalosResourceChange[] seen = [.. result.OutputOf<TalosResourceChange>()];
        Assert.All(seen, change => Assert.Equal("ampone", change.Node));
        int ready = Array.FindIndex(seen, change => change.Kind == TalosResourceChangeKind.Bootstrapped);
        Assert.True(ready > 5, string.Join(' ', seen.Select(change => change.Kind)));
        Assert.Contains(seen[ready..], change =>
            change.Kind == TalosResourceChangeKind.Updated && change.Resource!.Id == "kubelet"
        );
        Assert.All(seen, change =>
            Assert.Equal((change.Resource?.Id, change.Resource?.Version), (change.Id, change.Version))
        );
        Assert.Contains(seen, change => change is { Id: "kubelet", Version.Length: > 0 });
    }

    [Fact]
    public async Task A_removed_module_holds_no_connection()
    {
        await using LabSession lab = await LabSession.StartAsync();
        var api = lab.Lab.Part<LabTalosApi>()!;
        lab.Invoke("Get-TalosService ryzen apid").AssertNoErrors();
        Assert.Equal(1, api.OpenConnections);

        lab.Invoke("Remove-Module TalosTailscale").AssertNoErrors();
        while (api.OpenConnections > 0)
            await Task.Delay(10, Stop);

        lab.Invoke("param($m) Import-Module $m; Get-TalosService ryzen apid", ("m", Repository.Manifest))
            .AssertNoErrors();
    }
}
