using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Where Talos loses data and this module does not: each deviation is deliberate, with its reason.</summary>
public sealed class QuirkTests
{
    /// <summary>Cases of the golden set in which this module does better than Talos on purpose.</summary>
    public static readonly HashSet<string> BetterThanTalos =
    [
        "merge/expression-lost", // selector expressions that the patch does not repeat stay
        "merge/volume-merge-loses-size", // and so do sizes
        "merge/secret-one-half", // the certificate that the patch does not name stays
        "merge/url-parts-are-merged", // a URL is replaced as a whole
        "merge/enum-first-value-ignored", // "accept" is a value like any other
    ];

    [Fact]
    public void A_patch_of_nothing_but_the_name_keeps_the_selector()
    {
        GoldenCase golden = GoldenCase.Load("merge/expression-lost");

        Assert.Same(golden.Config, Apply(golden));
    }

    [Fact]
    public void A_new_size_keeps_the_disk_selector_and_the_least_size()
    {
        string text = Apply(GoldenCase.Load("merge/volume-merge-loses-size"));

        Assert.Contains(
            "        match: disk.transport == \"nvme\" && system_disk\n    minSize: 32GiB\n    maxSize: 200GiB # was 64GiB\n",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_new_key_keeps_the_certificate()
    {
        GoldenCase golden = GoldenCase.Load("merge/secret-one-half");
        string certificate = golden
            .Config.Split('\n')
            .First(line => line.TrimStart().StartsWith("crt: ", StringComparison.Ordinal));
        string[] after = Apply(golden).Split('\n');

        Assert.Equal(certificate, after.First(line => line.TrimStart().StartsWith("crt: ", StringComparison.Ordinal)));
        Assert.Equal(
            "        key: bmV3",
            after.First(line => line.TrimStart().StartsWith("key: ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void A_URL_is_replaced_as_a_whole() =>
        Assert.Contains(
            "\nurl: udp://10.0.0.1:514\n",
            Apply(GoldenCase.Load("merge/url-parts-are-merged")),
            StringComparison.Ordinal
        );

    [Fact]
    public void The_first_value_of_an_enumeration_is_a_value() =>
        Assert.Contains(
            "\ningress: accept\n",
            Apply(GoldenCase.Load("merge/enum-first-value-ignored")),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("error-free-form-null", "MergeTypeMismatch")]
    [InlineData("error-delete-absent-document", "DeleteTargetMissing")]
    [InlineData("error-delete-named-without-name", "DeleteTargetMissing")]
    [InlineData("error-comment-only-patch", "PatchEmpty")]
    public void What_crashes_Talos_is_refused_in_words(string name, string errorId)
    {
        GoldenCase golden = GoldenCase.Load("merge/" + name);

        TsException error = Assert.Throws<TsException>(() =>
            MachineConfigPatcher.Apply(golden.Config, golden.Patches, golden.Mode)
        );

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains("patch1.yaml", error.Message, StringComparison.Ordinal);
    }

    private static string Apply(GoldenCase golden) =>
        MachineConfigPatcher.Apply(golden.Config, golden.Patches, golden.Mode).Text;
}
