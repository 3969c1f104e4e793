using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Lab.Tailnet;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Rollout;

namespace TalosTailscale.Tests.Help;

/// <summary>
/// The Notes of a cmdlet's help list the Kubernetes rights that it makes use of on the lab: none too few, none too many. The
/// rollout's are in <see cref="RolloutRightsTests"/>.
/// </summary>
public sealed class KubernetesRightsTests
{
    // As far as each goes in Kubernetes, in an order in which it finds what it needs.
    private static readonly (string Cmdlet, string Script)[] s_plays =
    [
        ("Get-TsNode", "Get-TsNode -Discover"),
        ("Export-TsNode", "Get-TsNode -Discover | Export-TsNode $work/exported"),
        ("Get-TalosEtcdMember", "Get-TalosEtcdMember ryzen"),
        (
            "Remove-TalosEtcdMember",
            "Get-TalosEtcdMember ryzen | Where-Object Hostname -eq gone | Remove-TalosEtcdMember -Confirm:$false"
        ),
        ("Get-TalosExtension", "Get-TsNode | Get-TalosExtension"),
        ("Get-TalosLog", "Get-TalosLog ampone -Id kubelet -Tail 5"),
        ("Get-TalosMachineConfig", "Get-TalosMachineConfig ampone"),
        ("Get-TalosResource", "Get-TalosResource ryzen -Type members"),
        ("Get-TalosService", "Get-TalosService ampone"),
        ("Get-TailnetDevice", "Get-TailnetDevice -ApiToken $token"),
        ("New-TailnetAuthKey", "New-TailnetAuthKey -ApiToken $token -Tag tag:talos -Confirm:$false"),
        ("New-TalosSchematic", "New-TalosSchematic"),
        ("Save-TalosImage", "New-TalosSchematic | Save-TalosImage -Node ampone -Kind Uki -Destination $work"),
        ("Get-Uki", "Get-Uki $work/*.efi"),
        ("Export-Uki", "Get-Uki $work/*.efi | Export-Uki -Destination $work/copy.uki"),
        (
            "New-TsExtensionServiceConfig",
            "Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $key -Confirm:$false"
        ),
        ("Set-TalosMachinePatch", "Get-TsNode | Set-TalosMachinePatch -Confirm:$false"),
        (
            "Restore-TalosMachineConfig",
            "Set-TalosMachinePatch altra -Patch 'machine: {sysctls: {vm.max_map_count: \"262144\"}}' -Confirm:$false | "
                + "Restore-TalosMachineConfig -Confirm:$false"
        ),
        ("Get-TalosEsp", "Get-TalosEsp ampone"),
        ("Invoke-UkiSwap", "Get-Item $work/*.efi | Invoke-UkiSwap ampone -Reboot -Wait -Confirm:$false"),
        ("Get-TsDiagnosis", "Get-TalosLog ampone | Get-TsDiagnosis"),
        ("Test-TsNode", "Test-TsNode ampone -ReadEsp -RegistryImage $image"),
        ("Export-TsReport", "Test-TsNode ampone -Check Api | Export-TsReport $work/report.html"),
        ("Test-TsCluster", "Test-TsCluster -RegistryImage $image"),
        ("Restore-Uki", "Restore-Uki ampone -Confirm:$false"),
        ("Restart-TalosService", "Restart-TalosService ampone kubelet -Confirm:$false"),
        ("Save-TalosContainerImage", "Save-TalosContainerImage ampone docker.io/library/busybox:1.37 -Confirm:$false"),
        (
            "Update-TalosNode",
            "New-TalosSchematic | Save-TalosImage -Node ryzen -Kind Installer | Update-TalosNode -Wait -Confirm:$false"
        ),
        ("Restart-TalosNode", "Restart-TalosNode altra -Wait -Confirm:$false"),
        ("Wait-TalosNode", "Wait-TalosNode altra"),
        (
            "Remove-TailnetDevice",
            "@(Get-TailnetDevice -ApiToken $token)[0] | Remove-TailnetDevice -ApiToken $token -Force -Confirm:$false"
        ),
    ];

    [Fact]
    public void Every_page_is_played() =>
        Assert.Equal(
            HelpRights.Cmdlets,
            s_plays
                .Select(play => play.Cmdlet)
                .Concat(["Install-TsNode", "Undo-TsNode", "Update-TalosNodeAddress"])
                .Order(StringComparer.Ordinal)
        );

    // Every cmdlet of the module, one after the other on one lab, and so some seconds.
    [Fact]
    public async Task Notes_list_what_is_used()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { BootTime = TimeSpan.Zero });
        lab.Lab.Etcd.AddStaleMember("gone", "192.168.1.99");
        var token = new System.Net.NetworkCredential("", lab.Lab.Part<LabTailnet>()!.Api.Token).SecurePassword;
        string work = Directory.CreateDirectory(Path.Combine(lab.Client.Folder, "work")).FullName;
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        var wrong = new List<string>();
        foreach ((string cmdlet, string script) in s_plays)
        {
            api.Faults.Used.Clear();
            lab.Invoke(
                    "param($work, $key, $token, $image) " + script,
                    ("work", work),
                    ("key", lab.KeyReference),
                    ("token", token),
                    ("image", "registry.ide-newton.ts.net/lab/registry-smoketest:1")
                )
                .AssertNoErrors();
            wrong.AddRange(Differences(cmdlet, api));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task So_do_those_of_the_repair_of_an_address()
    {
        await using Drifted drifted = await Drifted.StartAsync(keepName: false);
        LabKubernetesApi api = drifted.Lab.Part<LabKubernetesPart>()!.Api;
        api.Faults.Used.Clear();
        drifted.Update("-Repair All -Confirm:$false").AssertNoErrors();
        Assert.Empty(Differences("Update-TalosNodeAddress", api));
    }

    /// <summary>What the page lists and was not used, or the reverse.</summary>
    internal static IEnumerable<string> Differences(string cmdlet, LabKubernetesApi api)
    {
        HashSet<string> listed = HelpRights.Of(cmdlet),
            used = [.. api.Faults.Used.Keys];
        // Whoever makes a pod reads its events where it is late, as ServerRefusalTests has it; here none is.
        if (used.Contains("create pods"))
            used.Add("list events");
        return listed
            .Except(used)
            .Select(right => $"{cmdlet}: '{right}' is listed and was not used.")
            .Concat(used.Except(listed).Select(right => $"{cmdlet}: '{right}' was used and is not listed."));
    }
}
