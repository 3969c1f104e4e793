using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>When an upgrade is a failure though its node is ready.</summary>
public class UpgradeOutcomeTests
{
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
}
