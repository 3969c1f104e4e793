using System.Management.Automation;
using TalosTailscale.Lab;
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

    private static async Task DownAsync(LabSession lab, string name)
    {
        LabNode down = lab.Lab.Node(name);
        down.Faults.Set(LabFault.NeverBoots);
        down.PowerCycle();
        await down.WhenAsync(node => !node.IsApiUp, Stop);
    }
}
