using System.Management.Automation;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>Work that goes node after node stops at the first failure, as an error that names what was not begun.</summary>
public class FailureStopsTests
{
    private const string Swap =
        "param($p) Invoke-UkiSwap altra, ampone -Path $p -Reboot -Wait -Timeout 00:00:04 -Confirm:$false ";

    [Fact]
    public async Task A_failed_check_after_a_swap_is_an_error_and_the_next_node_is_not_begun()
    {
        await using LabSession lab = await WithBadKeyAsync("altra");
        Guid before = lab.Lab.Node("ampone").BootId;

        PowerShellResult result = lab.Invoke(Swap, ("p", Uki(lab)));

        Assert.Equal(["altra"], result.OutputOf<UkiSwapResult>().Select(one => one.Node));
        Assert.Equal(["SwapNotVerified", "NodesNotBegun"], Ids(result));
        ErrorRecord failed = result.AssertError("SwapNotVerified");
        Assert.Contains("'altra'", failed.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("Tailnet address", failed.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("not begun: 'ampone'", result.Errors[1].Exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, lab.Lab.Node("ampone").BootId);
        Assert.Single(Directory.GetFiles(Path.Combine(lab.Lab.Node("ampone").EspDirectory, "EFI", "Linux")));
    }

    [Fact]
    public async Task ContinueOnError_goes_on_and_the_failure_is_an_error_all_the_same()
    {
        await using LabSession lab = await WithBadKeyAsync("altra");

        PowerShellResult result = lab.Invoke(Swap + "-ContinueOnError", ("p", Uki(lab)));

        Assert.Equal(["altra", "ampone"], result.OutputOf<UkiSwapResult>().Select(one => one.Node));
        Assert.Equal(["SwapNotVerified"], Ids(result));
    }

    [Fact]
    public async Task A_refused_gate_stops_a_swap_and_not_its_plan()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync(
            new LabOptions { Faults = { LabFault.FullEsp.On("altra") } }
        );
        var before = UkiSwapLabTests.Contents(lab);

        PowerShellResult result = lab.Invoke(Swap, ("p", Uki(lab)));
        Assert.Equal(["EspFull", "NodesNotBegun"], Ids(result));
        Assert.Empty(result.Output);
        Assert.Equal(before, UkiSwapLabTests.Contents(lab));

        PowerShellResult plan = lab.Invoke(Swap.Replace("-Confirm:$false", "-WhatIf"), ("p", Uki(lab)));
        Assert.Equal(["altra", "ampone"], plan.OutputOf<UkiSwapPlan>().Select(one => one.Node));
        Assert.Equal(["EspFull"], Ids(plan));
    }

    [Fact]
    public async Task Results_of_a_swap_restore_each_node_from_its_own_backup()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        lab.Invoke(
                "param($p) $r = 'altra', 'ampone' | ForEach-Object { Invoke-UkiSwap $_ -Path $p -Confirm:$false; [Threading.Thread]::Sleep(1100) }",
                ("p", Uki(lab))
            )
            .AssertNoErrors();

        PowerShellResult back = lab.Invoke("$r | Restore-Uki -Confirm:$false");

        back.AssertNoErrors();
        Assert.Equal(["altra", "ampone"], back.OutputOf<UkiSwapResult>().Select(one => one.Node));
        Assert.All(back.OutputOf<UkiSwapResult>(), one => Assert.True(one.Changed));
    }

    /// <summary>
    /// Talos falls back to an image of before when the new one does not boot, and the node is ready then too
    /// (siderolabs/talos#10364). That the image runs is success (home-operations/tuppr#213: counted as failed).
    /// </summary>
    [Theory]
    [InlineData("ghcr.io/siderolabs/installer:v1.12.9", "v1.12.9", null, null)]
    [InlineData("ghcr.io/siderolabs/installer:v1.12.9", "v1.12.4", null, "Talos v1.12.4; expected Talos v1.12.9")]
    [InlineData("ghcr.io/siderolabs/installer@sha256:00", "v1.12.4", null, null)]
    [InlineData("f/metal-installer/A:v1.12.4", "v1.12.4", "A", null)]
    [InlineData("f/metal-installer/A:v1.12.4", "v1.12.4", "B", "schematic B")]
    [InlineData("f/metal-installer/A:v1.12.4", "v1.12.4", null, "no schematic")]
    public void An_upgrade_that_fell_back_is_a_failure(string image, string runs, string? schematic, string? found)
    {
        static string Full(string text) =>
            text.Replace("A", new string('a', 64), StringComparison.Ordinal)
                .Replace("B", new string('b', 64), StringComparison.Ordinal);
        TalosExtension[] extensions = schematic is null
            ? []
            :
            [
                new TalosExtension
                {
                    Node = "altra",
                    Name = "schematic",
                    Version = Full(schematic),
                },
            ];
        var upgrade = new TalosUpgrade
        {
            Node = "altra",
            Image = Full(image),
            PreviousVersion = "v1.12.4",
            Version = runs,
        };

        TsException? failure = UpgradeOutcome.FailureOf(upgrade, extensions);

        if (found is null)
            Assert.Null(failure);
        else
            Assert.Contains(Full(found), Assert.IsType<TsException>(failure).Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Ids(PowerShellResult result) =>
        [.. result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0])];

    private static string Uki(LabSession lab) => UkiSwapLabTests.Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");

    private static Task<LabSession> WithBadKeyAsync(string node) =>
        UkiSwapLabTests.StartAsync(new LabOptions { Faults = { LabFault.ExpiredKey.On(node) } });
}
