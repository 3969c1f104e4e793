using System.Management.Automation;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>What a refusal before a restart advises, followed to the letter, works.</summary>
public class AdviceTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Restart-TalosNode ryzen")]
    [InlineData("Update-TalosNode ryzen ghcr.io/siderolabs/installer:v1.12.9")]
    public async Task Force_goes_on_without_the_quorum(string command)
    {
        await using LabSession lab = await LabSession.StartAsync();
        await DownAsync(lab, "altra");
        Guid boot = lab.Lab.Node("ryzen").BootId;

        ErrorRecord refused = lab.Invoke(command + " -Confirm:$false").AssertError("EtcdQuorumAtRisk");
        Assert.Contains("talos-192-168-1-85", refused.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("Bring the other control plane nodes back", Advice(refused), StringComparison.Ordinal);
        Assert.Contains("-Force accepts", Advice(refused), StringComparison.Ordinal);
        Assert.Equal(boot, lab.Lab.Node("ryzen").BootId);

        lab.Invoke(command + " -Confirm:$false -Force").AssertNoErrors();
        await lab.Lab.Node("ryzen").WhenAsync(node => node.BootId != boot, Stop);
    }

    /// <summary>Of two members neither can be spared, however healthy: it would be no use to bring back the other.</summary>
    [Fact]
    public async Task With_two_members_it_advises_a_third()
    {
        await using LabSession lab = await LabSession.StartAsync(
            new LabOptions { Nodes = [.. LabNodeOptions.Runbook.Take(2)] }
        );
        Guid boot = lab.Lab.Node("ryzen").BootId;

        ErrorRecord refused = lab.Invoke("Restart-TalosNode ryzen -Confirm:$false").AssertError("EtcdQuorumAtRisk");

        Assert.Contains("there are too few members", refused.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("Add a control plane", Advice(refused), StringComparison.Ordinal);
        Assert.DoesNotContain("Bring the other", Advice(refused), StringComparison.Ordinal);
        lab.Invoke("Restart-TalosNode ryzen -Confirm:$false -Force").AssertNoErrors();
        await lab.Lab.Node("ryzen").WhenAsync(node => node.BootId != boot, Stop);
    }

    [Fact]
    public async Task A_swap_goes_on_without_a_reboot_or_with_the_gates_named()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        await DownAsync(lab, "altra");
        LabNode ampone = lab.Lab.Node("ampone");
        Guid boot = ampone.BootId;

        PowerShellResult refused = Swap(lab, "-Reboot");
        ErrorRecord quorum = refused.AssertError("QuorumAtRisk");
        Assert.Contains("leave out -Reboot", Advice(quorum), StringComparison.Ordinal);
        Assert.Contains("-SkipGate Quorum", Advice(quorum), StringComparison.Ordinal);

        PowerShellResult without = Swap(lab, "");
        without.AssertNoErrors();
        Assert.True(without.Single<UkiSwapResult>().Changed);
        Assert.Equal(boot, ampone.BootId);

        // The image is there; to restart is refused as before, and goes on with the gate named.
        Swap(lab, "-Reboot").AssertError("QuorumAtRisk");
        Swap(lab, "-Reboot -SkipGate Quorum").AssertNoErrors();
        await ampone.WhenAsync(node => node.BootId != boot, Stop);
    }

    [Fact]
    public async Task A_dead_member_of_etcd_is_removed_and_the_installation_goes_on()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Etcd.AddStaleMember("gone", "192.168.1.99");
        const string install =
            "param($k, $s) Install-TsNode ampone -AuthKeyReference $k -StateFolder $s -Confirm:$false";
        (string, object?)[] values = [("k", lab.KeyReference), ("s", Path.Combine(lab.Client.Folder, "state"))];

        ErrorRecord refused = lab.Invoke(install, values).AssertError("EtcdNotWhole");
        Assert.Contains("'gone'", refused.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("Remove-TalosEtcdMember", Advice(refused), StringComparison.Ordinal);

        lab.Invoke(
                "Get-TalosEtcdMember ryzen | Where-Object Hostname -eq gone | Remove-TalosEtcdMember -Confirm:$false"
            )
            .AssertNoErrors();
        lab.Invoke(install, values).AssertNoErrors();
    }

    [Fact]
    public async Task Subnets_are_set_as_it_says_and_the_swap_goes_on()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        lab.Invoke(
                "Set-TalosMachinePatch ampone -Patch 'machine: {kubelet: {nodeIP: {validSubnets: {$patch: delete}}}}' -Confirm:$false"
            )
            .AssertNoErrors();

        ErrorRecord refused = Swap(lab, "").AssertError("NodeSubnetsMissing");
        Assert.Contains("machine.kubelet.nodeIP.validSubnets", Advice(refused), StringComparison.Ordinal);

        lab.Invoke(
                "Set-TalosMachinePatch ampone -Patch 'machine: {kubelet: {nodeIP: {validSubnets: [192.168.1.0/24]}}}' -Confirm:$false"
            )
            .AssertNoErrors();
        Swap(lab, "").AssertNoErrors();
    }

    [Fact]
    public async Task A_gate_that_nothing_skips_is_left_out()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();

        ErrorRecord refused = Swap(lab, "-SkipGate Space, Quorum").AssertError("GateNotSkippable");
        Assert.StartsWith("Leave it out", Advice(refused), StringComparison.Ordinal);

        Swap(lab, "-SkipGate Quorum").AssertNoErrors();
    }

    /// <summary>A host that cannot ask is told how to answer beforehand, whatever the question.</summary>
    [Fact]
    public async Task A_question_that_cannot_be_asked_is_answered_as_it_says()
    {
        await using LabSession lab = await LabSession.StartAsync();

        ErrorRecord silent = lab.Invoke("Restart-TalosNode ampone").AssertError("QuestionNotAsked");
        Assert.Contains("ampone (192.168.1.203)", silent.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("-Confirm:$false", Advice(silent), StringComparison.Ordinal);

        lab.Invoke("Restart-TalosNode ampone -Confirm:$false -Wait").AssertNoErrors();
    }

    private static string Advice(ErrorRecord error) => error.ErrorDetails.RecommendedAction;

    private static PowerShellResult Swap(LabSession lab, string options) =>
        lab.Invoke(
            "param($p) Invoke-UkiSwap ampone -Path $p -Confirm:$false " + options,
            ("p", UkiSwapLabTests.Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi"))
        );

    private static async Task DownAsync(LabSession lab, string name)
    {
        LabNode down = lab.Lab.Node(name);
        down.Faults.Set(LabFault.NeverBoots);
        down.PowerCycle();
        await down.WhenAsync(node => !node.IsApiUp, Stop);
    }
}
