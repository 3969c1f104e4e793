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
