using System.Management.Automation;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>
/// The only control plane of a cluster restarts after a question of its own, in every cmdlet alike: -Force answers it,
/// -WhatIf asks nothing, and a host that cannot ask is told of -Force.
/// </summary>
public class OnlyControlPlaneTests
{
    private const string Question = "is the only voting member of etcd";

    /// <summary>What has to be done before, and the command.</summary>
    public static TheoryData<string, string> Commands =>
        new()
        {
            { "", "Restart-TalosNode ampone" },
            { "", "Update-TalosNode ampone ghcr.io/siderolabs/installer:v1.12.9" },
            { "", "Invoke-UkiSwap ampone -Path $p -Reboot" },
            { "Invoke-UkiSwap ampone -Path $p", "Restore-Uki ampone -Reboot" },
            { "", "Install-TsNode ampone -AuthKeyReference $k" },
            { "Install-TsNode ampone -AuthKeyReference $k -Force", "Undo-TsNode ampone" },
            { "", "Set-TalosMachinePatch ampone -Mode Reboot -Patch $t" },
            { "", "Set-TalosMachinePatch ampone -Mode Auto -Patch $e" },
            { "Set-TalosMachinePatch ampone -Patch $t", "Restore-TalosMachineConfig ampone -Mode Reboot" },
        };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_only_control_plane_restarts_after_a_question(string before, string command)
    {
        await using LabSession lab = await StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        if (before.Length > 0)
            Run(lab, before + " -Confirm:$false").AssertNoErrors();
        Guid boot = node.BootId;
        var contents = UkiSwapLabTests.Contents(lab);

        // Asks nothing, and changes nothing.
        Run(lab, command + " -WhatIf").AssertNoErrors();

        // Cannot ask, and says what to do.
        PowerShellResult silent = Run(lab, command + " -Confirm:$false");
        ErrorRecord error = silent.AssertError("QuestionNotAsked");
        Assert.Contains(Question, error.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal((boot, LabStage.Running), (node.BootId, node.Stage));

        // Is told no.
        var screen = new ScreenHost(100) { SaysNoTo = Question };
        using PowerShellSession session = lab.OpenOn(screen);
        Run(session, lab, command).AssertNoErrors();
        string asked = Assert.Single(screen.Asked, text => text.Contains(Question, StringComparison.Ordinal));
        Assert.Contains("etcd and the API server are away while it restarts", asked, StringComparison.Ordinal);
        Assert.Equal((boot, LabStage.Running), (node.BootId, node.Stage));
        Assert.Equal(contents, UkiSwapLabTests.Contents(lab));

        // Is told yes, once.
        var other = new ScreenHost(100);
        using PowerShellSession yes = lab.OpenOn(other);
        Run(yes, lab, command).AssertNoErrors();
        Assert.Single(other.Asked, text => text.Contains(Question, StringComparison.Ordinal));
        await node.WhenAsync(one => one.BootId != boot && one.IsReady, TestContext.Current.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_advice_works(string before, string command)
    {
        await using LabSession lab = await StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        if (before.Length > 0)
            Run(lab, before + " -Confirm:$false").AssertNoErrors();
        Guid boot = node.BootId;

        Run(lab, command + " -Confirm:$false -Force").AssertNoErrors();

        await node.WhenAsync(one => one.BootId != boot && one.IsReady, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task With_others_nobody_is_asked_more_than_before()
    {
        await using LabSession lab = await LabSession.StartAsync();
        var screen = new ScreenHost(100);
        using PowerShellSession session = lab.OpenOn(screen);

        session.Invoke("Restart-TalosNode ampone -Wait").AssertNoErrors();

        Assert.Single(screen.Asked);
    }

    /// <summary>A change of the configuration that restarts control planes is a restart of them.</summary>
    [Fact]
    public async Task A_patch_does_not_take_etcd_down()
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { BootTime = TimeSpan.FromSeconds(1) });
        const string patch = "Set-TalosMachinePatch ryzen, ampone, altra -Patch 'machine: { sysctls: { a: \"1\" } }' ";

        PowerShellResult all = lab.Invoke(patch + "-Mode Reboot -Confirm:$false -Verbose");

        all.AssertNoErrors();
        Assert.Equal(2, all.Verbose.Count(line => line.Contains("waits until", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_patch_that_would_cost_the_quorum_is_refused_and_its_advice_works()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode down = lab.Lab.Node("altra");
        down.Faults.Set(LabFault.NeverBoots);
        down.PowerCycle();
        await down.WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);
        Guid boot = lab.Lab.Node("ryzen").BootId;
        const string patch = "Set-TalosMachinePatch ryzen -Patch 'machine: { sysctls: { a: \"1\" } }' -Confirm:$false ";

        ErrorRecord refused = lab.Invoke(patch + "-Mode Reboot").AssertError("EtcdQuorumAtRisk");
        Assert.Contains("'-Mode Staged'", refused.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(boot, lab.Lab.Node("ryzen").BootId);

        lab.Invoke(patch + "-Mode Staged").AssertNoErrors();
        lab.Invoke("Restart-TalosNode ryzen -Confirm:$false").AssertError("EtcdQuorumAtRisk");
    }

    private static Task<LabSession> StartAsync() =>
        UkiSwapLabTests.StartAsync(
            new LabOptions { Nodes = [LabNodeOptions.Runbook.Single(node => node.Name == "ampone")] }
        );

    private static PowerShellResult Run(LabSession lab, string command) => Run(lab.Session, lab, command);

    private static PowerShellResult Run(PowerShellSession session, LabSession lab, string command) =>
        session.Invoke(
            "param($p, $t, $e, $k) " + command,
            ("p", UkiSwapLabTests.Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi")),
            ("t", "machine: { sysctls: { net.core.somaxconn: \"1024\" } }"),
            ("e", "machine: { env: { HTTP_PROXY_HINT: none } }"),
            ("k", lab.KeyReference)
        );
}
