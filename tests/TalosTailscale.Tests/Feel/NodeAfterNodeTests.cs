using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>What every cmdlet that goes node after node has in common, held for each of them.</summary>
public class NodeAfterNodeTests
{
    /// <summary>What has to be done before, and the command; the nodes stand where NODES is.</summary>
    public static TheoryData<string, string> Commands =>
        new()
        {
            { "", "Restart-TalosNode NODES -Wait" },
            { "", "Update-TalosNode NODES ghcr.io/siderolabs/installer:v1.12.9 -Wait" },
            { "", "Invoke-UkiSwap NODES -Path $p -Reboot -Wait" },
            { "Invoke-UkiSwap altra, ampone -Path $p -Confirm:$false", "Restore-Uki NODES -Reboot -Wait" },
        };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_order_is_kept_and_a_row_is_shown_before_the_next_question(string before, string command)
    {
        await using LabSession lab = await StartAsync(before);
        var screen = new ScreenHost(140);
        using PowerShellSession session = lab.OpenOn(screen);

        Run(session, lab, command.Replace("NODES", "ampone, altra", StringComparison.Ordinal) + " | Out-Default")
            .AssertNoErrors();

        Assert.Equal(2, screen.Asked.Count);
        Assert.DoesNotMatch(@"(?m)^ampone\s", screen.Asked[0]);
        Assert.Matches(@"(?m)^ampone\s", screen.Asked[1]);
        Assert.DoesNotMatch(@"(?m)^altra\s", screen.Asked[1]);
        Assert.Matches(@"(?m)^altra\s", screen.Text);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_failure_stops_what_comes_after_it_unless_it_is_to_go_on(string before, string command)
    {
        await using LabSession lab = await StartAsync(before);
        LabNode altra = lab.Lab.Node("altra");
        Guid boot = altra.BootId;
        string script = command.Replace("NODES", "nosuch, altra", StringComparison.Ordinal) + " -Confirm:$false ";

        PowerShellResult stopped = Run(lab.Session, lab, script);
        Assert.Equal(["NodeNotFound", "NodesNotBegun"], Ids(stopped));
        Assert.Equal(boot, altra.BootId);

        PowerShellResult whole = Run(lab.Session, lab, script + "-ContinueOnError");
        Assert.Equal(["NodeNotFound"], Ids(whole));
        Assert.NotEqual(boot, altra.BootId);
    }

    private static async Task<LabSession> StartAsync(string before)
    {
        LabSession lab = await UkiSwapLabTests.StartAsync();
        if (before.Length > 0)
            Run(lab.Session, lab, before).AssertNoErrors();
        return lab;
    }

    private static PowerShellResult Run(PowerShellSession session, LabSession lab, string command) =>
        session.Invoke(
            "param($p) " + command,
            ("p", UkiSwapLabTests.Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi"))
        );

    private static IEnumerable<string> Ids(PowerShellResult result) =>
        result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]);
}
