using CsCheck;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Random configurations in random hands, patched: the text that was edited means what merging the trees means.</summary>
public sealed class PatcherPropertyTests
{
    [Theory]
    [InlineData(ListMerge.Append)]
    [InlineData(ListMerge.Union)]
    public void The_edited_text_means_the_merged_trees(ListMerge mode) =>
        Gen.Int.Sample(
            seed =>
            {
                Case random = Case.Create(seed);

                PatchedConfig result = random.Apply(mode);

                Dictionary<string, string> expected = new ReferenceMerge(mode)
                    .Apply(random.Config, random.Patch)
                    .ToDictionary(ReferenceMerge.Id, ReferenceMerge.Canonical);
                Dictionary<string, string> actual = YamlOracle
                    .Trees(result.Text)
                    .OfType<Dictionary<string, object?>>()
                    .ToDictionary(IdOf, tree => YamlOracle.Canonical(tree, loose: false));
                Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
                foreach ((string id, string document) in expected)
                    Assert.True(
                        document == actual[id],
                        $"{random}\n=== result\n{result.Text}\n=== expected\n{document}\n=== actual\n{actual[id]}"
                    );
            },
            iter: PropertyRuns.Of(1_500)
        );

    [Fact]
    public void A_second_time_changes_nothing() =>
        Gen.Int.Sample(
            seed =>
            {
                Case random = Case.Create(seed);
                string once = random.Apply(ListMerge.Union).Text;

                PatchedConfig twice = MachineConfigPatcher.Apply(once, [new ConfigPatch(random.PatchText, "patch")]);

                Assert.True(
                    !twice.IsChanged && twice.Text == once,
                    $"{random}\n=== once\n{once}\n=== twice\n{twice.Text}"
                );
            },
            iter: PropertyRuns.Of(1_500)
        );

    [Fact]
    public void Untouched_documents_keep_every_byte() =>
        Gen.Int.Sample(
            seed =>
            {
                Case random = Case.Create(seed);
                PatchedConfig result = random.Apply(ListMerge.Union);
                foreach (
                    MachineConfigDocument document in result.Documents.Where(document =>
                        document.Change == MachineConfigChange.Unchanged
                    )
                )
                    Assert.Contains(
                        random.Text.Substring(document.Start, document.Length).TrimEnd('\r', '\n'),
                        result.Text,
                        StringComparison.Ordinal
                    );
                if (!result.IsChanged)
                    Assert.Same(random.Text, result.Text);
            },
            iter: PropertyRuns.Of(1_000)
        );

    [Fact]
    public void Comments_on_lines_of_their_own_survive() =>
        Gen.Int.Sample(
            seed =>
            {
                Case random = Case.Create(seed);
                bool replaced = random.PatchText.Contains("podSubnets", StringComparison.Ordinal);
                if (replaced)
                    return;
                string text = random.Apply(ListMerge.Append).Text;
                foreach (string comment in random.Comments)
                    Assert.True(
                        text.Contains(comment, StringComparison.Ordinal),
                        $"'{comment}' is gone\n{random}\n=== result\n{text}"
                    );
            },
            iter: PropertyRuns.Of(1_000)
        );

    [Fact]
    public void Line_ends_stay_of_one_kind() =>
        Gen.Int.Sample(
            seed =>
            {
                Case random = Case.Create(seed);
                if (!random.Text.Contains("\r\n", StringComparison.Ordinal))
                    return;
                string text = random.Apply(ListMerge.Union).Text;
                Assert.Equal(
                    0,
                    text.Replace("\r\n", string.Empty, StringComparison.Ordinal).Count(c => c is '\r' or '\n')
                );
            },
            iter: PropertyRuns.Of(2_000)
        );

    [Fact]
    public void Documents_far_down_that_were_let_go_and_read_again_are_patched_as_those_at_the_top() =>
        Gen.Int.Sample(
            seed =>
            {
                Case random = Case.Create(seed);
                if (random.Text.StartsWith('\uFEFF'))
                    return;
                string above =
                    "# "
                    + new string('x', 130_000)
                    + (random.Text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n");

                PatchedConfig result = MachineConfigPatcher.Apply(
                    above + random.Text,
                    [new ConfigPatch(random.PatchText, "patch")]
                );

                Assert.Equal(above + random.Apply(ListMerge.Union).Text, result.Text);
            },
            iter: PropertyRuns.Of(200)
        );

    private static string IdOf(Dictionary<string, object?> tree) =>
        tree.TryGetValue("kind", out object? kind)
            ? $"{((YamlOracle.Leaf)kind!).Value}/{((YamlOracle.Leaf)tree["name"]!).Value}"
            : string.Empty;

    private sealed record Case(
        List<Dictionary<string, object?>> Config,
        string Text,
        List<Dictionary<string, object?>> Patch,
        string PatchText,
        List<string> Comments
    )
    {
        public static Case Create(int seed)
        {
            var random = new Random(seed);
            List<Dictionary<string, object?>> config = new RandomConfig(random).Config(isPatch: false);
            List<Dictionary<string, object?>> patch = new RandomConfig(random).Config(isPatch: true);
            var hand = new RandomText(random);
            return new Case(config, hand.Write(config), patch, new RandomText(random).Write(patch), hand.Comments);
        }

        public PatchedConfig Apply(ListMerge mode) =>
            MachineConfigPatcher.Apply(Text, [new ConfigPatch(PatchText, "patch")], mode);

        public override string ToString() => $"=== config\n{Text}\n=== patch\n{PatchText}";
    }
}
