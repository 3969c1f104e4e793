using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Validation;

namespace TalosTailscale.Tests.Feel;

/// <summary>A machine is one, by whichever of its addresses it is given, and moves only from where it was.</summary>
public class OneMachineTests
{
    [Fact]
    public async Task A_machine_given_by_two_addresses_is_worked_on_once_and_waited_for_by_either()
    {
        await using LabSession lab = await JoinedLab.StartAsync(until: one =>
            one.Stage == LabStage.Running && one.TailnetAddress is not null
        );
        LabNode node = lab.Lab.Node("ampone");
        string tailnet = node.TailnetAddress!;

        PowerShellResult both = lab.Invoke($"Restart-TalosNode ampone, {tailnet} -Wait -Confirm:$false -Verbose");

        both.AssertNoErrors();
        Assert.Equal("ampone", both.Single<TalosWaitResult>().Node);
        Assert.Contains(
            $"'{tailnet}' is the machine that was given as 'ampone'",
            Assert.Single(both.Warnings),
            StringComparison.Ordinal
        );
        Assert.Single(both.Verbose, line => line.Contains("restart begun", StringComparison.Ordinal));

        await node.WhenAsync(one => one.TailnetAddress is not null, TestContext.Current.CancellationToken);
        lab.Invoke($"Restart-TalosNode {tailnet} -Wait -Confirm:$false").AssertNoErrors();

        Guid boot = node.BootId;
        PowerShellResult two = lab.Invoke(
            $"@{{ Node = 'ampone'; Image = 'x/installer:v1.12.9' }}, @{{ Node = '{tailnet}'; Image = 'x/installer:v1.12.8' }} "
                + "| ForEach-Object { [pscustomobject]$_ } | Update-TalosNode -Confirm:$false"
        );
        Assert.Equal(
            ["InputAmbiguous", "NodesNotBegun"],
            two.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])
        );
        Assert.Equal(boot, node.BootId);

        TsRolloutPlan plan = lab.Invoke(
                $"param($k) Install-TsNode ampone, {tailnet} -AuthKeyReference $k -WhatIf",
                ("k", lab.KeyReference)
            )
            .Single<TsRolloutPlan>();
        Assert.Equal("ampone", Assert.Single(plan.Nodes).Node);
    }

    [Theory]
    [InlineData("Restart-TalosNode ampone -Wait -Confirm:$false")]
    [InlineData("Restart-TalosNode ampone -PassThru -Confirm:$false | Wait-TalosNode")]
    [InlineData(
        "$r = Restart-TalosNode ampone -PassThru -Confirm:$false; "
            + "Wait-TalosNode ampone -PreviousBootId $r.PreviousBootId -NodeId $r.NodeId -PreviousAddress $r.PreviousAddress"
    )]
    public async Task A_machine_that_comes_back_elsewhere_is_told_to_have_moved(string command)
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Lab.Node("ampone").Faults.Set(LabFault.AddressChanged, "192.168.1.210");

        string message = lab.Invoke(command).AssertError("TalosNodeMoved").Exception.Message;

        Assert.Contains("'192.168.1.210'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_spellings_of_an_address_are_one_machine()
    {
        await using LabSession lab = await LabSession.StartAsync(LabShape.Options(LabShape.IPv6Only));
        string address = lab.Lab.Node("ampone").Address;

        string none = Directory.CreateDirectory(Path.Combine(lab.Client.Folder, "none")).FullName;

        PowerShellResult result = lab.Invoke(
            $"param($none) Restart-TalosNode '{address}', '{address.ToUpperInvariant()}' -PassThru -Confirm:$false -Inventory $none",
            ("none", none)
        );

        Assert.Single(result.OutputOf<TalosRestart>());
    }
}
