using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Where Talos loses data and this module does not: each deviation is deliberate, with its reason.</summary>
public sealed class QuirkTests
{
    /// <summary>Cases of the golden set in which this module does better than Talos on purpose.</summary>
    public static readonly HashSet<string> BetterThanTalos =
    [
        "merge/expression-lost",           // selector expressions that the patch does not repeat stay
        "merge/volume-merge-loses-size",   // and so do sizes
        "merge/secret-one-half",           // the certificate that the patch does not name stays
        "merge/url-parts-are-merged",      // a URL is replaced as a whole
        "merge/enum-first-value-ignored",  // "accept" is a value like any other
    ];

    [Fact]
    public void A_patch_of_nothing_but_the_name_keeps_the_selector()
    {
        GoldenCase golden = GoldenCase.Load("merge/expression-lost");

        PatchedConfig result = MachineConfigPatcher.Apply(golden.Config, golden.Patches, golden.Mode);

        Assert.Same(golden.Config, result.Text);
    }
}
