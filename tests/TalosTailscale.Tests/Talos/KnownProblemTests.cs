using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Talos;

/// <summary>Releases that are known to be broken, from public reports: siderolabs/extensions#1061, siderolabs/talos#14146.</summary>
public sealed class KnownProblemTests
{
    [Theory]
    [InlineData("1.13.0", "siderolabs/extensions#1061")]
    [InlineData("1.13.9", "siderolabs/talos#14146")]
    [InlineData("1.12.4", null)]
    [InlineData("1.13.1", null)]
    [InlineData("1.13.10", null)]
    [InlineData("1.14.4", null)]
    public void A_release_is_told_with_its_source(string talos, string? source)
    {
        KnownProblem? problem = KnownProblem.Of(Version.Parse(talos)).SingleOrDefault();

        Assert.Equal(source, problem?.Source);
        Assert.True(problem is null || problem.ToString().Contains(talos, StringComparison.Ordinal));
    }
}
