using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>
/// A question may stand on the screen for hours. What was found before it may be wrong after it, so that every change
/// which etcd has to bear is checked once more when the answer is given.
/// </summary>
public class QuestionThatWaitsTests
{
    /// <summary>The version of Talos, what has to be done before, and the command.</summary>
    public static TheoryData<string, string, string> Commands =>
        new()
        {
            { "v1.12.4", "", "Restart-TalosNode ampone" },
            { "v1.12.4", "", "Update-TalosNode ampone ghcr.io/siderolabs/installer:v1.12.9" },
            { "v1.13.4", "", "Update-TalosNode ampone ghcr.io/siderolabs/installer:v1.13.9" },
            { "v1.12.4", "", "Invoke-UkiSwap ampone -Path $p -Reboot -SkipGate ServiceConfig" },
            { "v1.12.4", "", "Set-TalosMachinePatch ampone -Mode Reboot -Patch $t -Confirm" },
            {
                "v1.12.4",
                "Set-TalosMachinePatch ampone -Patch $t -Confirm:$false",
                "Restore-TalosMachineConfig ampone -Mode Reboot"
            },
        };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_control_plane_that_goes_down_meanwhile_is_seen(string version, string before, string command)
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync(new LabOptions { TalosVersion = version });
        if (before.Length > 0)
            Run(lab.Session, lab, before).AssertNoErrors();
        LabNode node = lab.Lab.Node("ampone");
        Guid boot = node.BootId;
        var screen = new ScreenHost(100) { WhileAsking = () => SwitchOff(lab.Lab.Node("altra")) };
        using PowerShellSession session = lab.OpenOn(screen);

        Run(session, lab, command).AssertError("EtcdQuorumAtRisk");

        Assert.NotEmpty(screen.Asked);
        Assert.Equal((boot, LabStage.Running), (node.BootId, node.Stage));
        Assert.NotEqual(0ul, lab.Lab.Etcd.Leader);
    }

    [Fact]
    public async Task A_node_that_has_become_the_only_voter_meanwhile_is_asked_about_as_such()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        Guid boot = node.BootId;
        var screen = new ScreenHost(100)
        {
            SaysNoTo = "is the only voting member of etcd",
            WhileAsking = () =>
            {
                foreach (LabEtcdMember other in lab.Lab.Etcd.Members.Where(m => m.Hostname != node.Hostname))
                    lab.Lab.Etcd.Change(other.Id, member => member with { IsLearner = true });
            },
        };
        using PowerShellSession session = lab.OpenOn(screen);

        session.Invoke("Restart-TalosNode ampone").AssertNoErrors();

        Assert.Contains("is the only voting member of etcd", screen.Asked[^1], StringComparison.Ordinal);
        Assert.Equal((boot, LabStage.Running), (node.BootId, node.Stage));
    }

    [Fact]
    public async Task A_member_is_not_removed_when_another_goes_down_meanwhile()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabEtcdMember stale = lab.Lab.Etcd.AddStaleMember("gone", "192.168.1.99");
        var screen = new ScreenHost(100) { WhileAsking = () => SwitchOff(lab.Lab.Node("altra")) };
        using PowerShellSession session = lab.OpenOn(screen);

        session
            .Invoke("param($id) Remove-TalosEtcdMember ryzen $id -Force", ("id", stale.Id))
            .AssertError("EtcdQuorumAtRisk");

        Assert.Contains(stale, lab.Lab.Etcd.Members);
    }

    private static void SwitchOff(LabNode node)
    {
        node.Faults.Set(LabFault.NeverBoots);
        node.PowerCycle();
        node.WhenAsync(one => !one.IsApiUp, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
    }

    private static PowerShellResult Run(PowerShellSession session, LabSession lab, string command) =>
        session.Invoke(
            "param($p, $t) " + command,
            ("p", UkiSwapLabTests.Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi")),
            ("t", "machine: { sysctls: { net.core.somaxconn: \"1024\" } }")
        );
}
