using CsCheck;
using TalosTailscale.Core.MachineConfig;
using YamlDotNet.Core;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>The reader against YamlDotNet on texts that nobody would write, and against bytes that are no text.</summary>
public sealed class ReaderPropertyTests
{
    private static readonly string[] s_tokens =
    [
        "a",
        "b",
        "key",
        "a: ",
        "b: ",
        "k:\n",
        "- ",
        "-\n",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        "  ",
        " ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        ":",
        ": ",
        "#",
        " # c\n",
        "'",
        "\"",
        "'x y'",
        "\"q\\n\"",
        "|\n",
        "|-\n",
        "|+\n",
        ">\n",
        ">-\n",
        "|2\n",
        "&x ",
        "*x",
        "!!str ",
        "!t ",
        "---\n",
        "--- ",
        "...\n",
        "? ",
        "\t",
        "\\",
        "é",
        "~",
        "null",
        "true",
        "017",
        "0x1F",
        "1.5",
        "\r\n",
        "<<: ",
        "''",
        "\"\"",
        "%YAML 1.1\n",
        "-",
        ".",
        "text with blanks",
        "https://x.y/z?q=1",
    ];

    private static readonly Gen<string> s_soup = Gen.Int[0, s_tokens.Length - 1]
        .Select(i => s_tokens[i])
        .Array[0, 24]
        .Select(string.Concat);

    [Fact]
    public void What_is_read_is_what_YamlDotNet_reads() =>
        s_soup.Sample(
            text =>
            {
                string? ours = Ours(text);
                string? theirs = Theirs(text);

                // YamlDotNet takes " *" inside a plain key for the end of keys on the line; the specification does not.
                bool starInText = ours?.Contains("*x", StringComparison.Ordinal) == true;
                if (ours is not null && theirs is not null && !starInText)
                    Assert.Equal(theirs, ours);
            },
            iter: PropertyRuns.Of(10_000)
        );

    [Fact]
    public void Arbitrary_bytes_are_read_or_refused() =>
        Gen
            .Byte.Array[0, 200]
            .Sample(
                bytes =>
                {
                    try
                    {
                        MachineConfigPatcher.Apply(bytes, [new ConfigPatch("machine: {nodeLabels: {a: b}}", "p")]);
                    }
                    catch (TsException e)
                    {
                        Assert.NotEmpty(e.Message);
                    }
                },
                iter: PropertyRuns.Of(2_000)
            );

    [Fact]
    public void Configurations_with_damaged_bytes_are_patched_or_refused() =>
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                byte[] config = Damage(s_bases[random.Next(s_bases.Length)], random);
                byte[] patch =
                    random.Next(2) == 0
                        ? s_bases[random.Next(s_bases.Length)]
                        : Damage(s_bases[random.Next(s_bases.Length)], random);
                try
                {
                    string text = ConfigText.Decode(patch, "patch");
                    PatchedConfig result = MachineConfigPatcher.Apply(
                        config,
                        [new ConfigPatch(text, "patch")],
                        random.Next(2) == 0 ? ListMerge.Union : ListMerge.Append
                    );
                    IReadOnlyList<MachineConfigDocument> documents = ConfigDocuments.Parse(result.Text);
                    Assert.Equal(
                        documents.Select(document => document.ToString()),
                        result
                            .Documents.Where(document => document.Change != MachineConfigChange.Removed)
                            .Select(document => document.ToString())
                    );
                    _ = UnifiedDiff.Create(ConfigText.Decode(config, "config"), result.Text);
                    _ = ConfigValidator.Check(result.Text, result.Text, "node");
                }
                catch (TsException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            },
            iter: PropertyRuns.Of(2_000)
        );

    private static readonly byte[][] s_bases =
    [
        .. Directory
            .GetFiles(Path.Combine(GoldenCase.Root, "bases"), "*.yaml")
            .Where(file => new FileInfo(file).Length < 4_000)
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes),
        "machine:\n  files:\n  - &f {content: \"a\\u00e9\", path: /x}\n  - *f\n  - content: |+2\n      a\n\n    path: /y"u8.ToArray(),
        "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_HOSTNAME=\u00e9\n...\n# end\n"u8.ToArray(),
    ];

    private static byte[] Damage(byte[] bytes, Random random)
    {
        List<byte> damaged = [.. bytes];
        for (int i = random.Next(1, 5); i > 0 && damaged.Count > 0; i--)
        {
            int at = random.Next(damaged.Count);
            int length = Math.Min(random.Next(1, 12), damaged.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    damaged[at] = (byte)random.Next(256);
                    break;
                case 1:
                    damaged.RemoveRange(at, length);
                    break;
                case 2:
                    damaged.InsertRange(at, damaged.GetRange(random.Next(damaged.Count - length + 1), length));
                    break;
                case 3:
                    damaged.InsertRange(at, System.Text.Encoding.UTF8.GetBytes(s_tokens[random.Next(s_tokens.Length)]));
                    break;
                default:
                    damaged.RemoveRange(at, damaged.Count - at);
                    break;
            }
        }

        return [.. damaged];
    }

    [Fact]
    public void Arbitrary_text_as_a_patch_is_applied_or_refused() =>
        s_soup.Sample(
            text =>
            {
                try
                {
                    PatchedConfig result = MachineConfigPatcher.Apply(
                        GoldenBase,
                        [new ConfigPatch(text, "p")],
                        allowUnknownKeys: true
                    );
                    _ = ReaderTree.Trees(result.Text);
                }
                catch (TsException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            },
            iter: PropertyRuns.Of(2_000)
        );

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Depth_is_bounded(char bracket) =>
        Assert.Throws<TsException>(() => MachineConfigPatcher.Apply("a: " + new string(bracket, 100_000), []));

    [Fact]
    public void Depth_by_indentation_is_bounded()
    {
        string text = string.Concat(Enumerable.Range(0, 1000).Select(i => new string(' ', i) + "a:\n"));

        Assert.Throws<TsException>(() => MachineConfigPatcher.Apply(text, []));
    }

    [Fact]
    public void Aliases_of_aliases_do_not_fill_the_memory()
    {
        string bomb =
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + string.Concat(
                Enumerable
                    .Range(1, 12)
                    .Select(i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n")
            );

        TsException error = Assert.Throws<TsException>(() =>
            MachineConfigPatcher.Apply("version: v1alpha1\n", [new ConfigPatch(bomb, "bomb.yaml")])
        );

        Assert.Equal("YamlAliasesTooMany", error.ErrorId);
    }

    private static string GoldenBase { get; } = File.ReadAllText(Path.Combine(GoldenCase.Root, "bases", "small.yaml"));

    private static string? Ours(string text)
    {
        try
        {
            List<object?> trees = ReaderTree.Trees(text);

            // A configuration is a map; about single values at the top readers do not agree.
            return trees.Exists(tree => tree is YamlOracle.Leaf) ? null : ReaderTree.Canonical(trees);
        }
        catch (TsException)
        {
            return null;
        }
        catch (InvalidCastException)
        {
            // A merge key of something that is no map: both sides have no meaning for it.
            return null;
        }
    }

    private static string? Theirs(string text)
    {
        try
        {
            return ReaderTree.Canonical(YamlOracle.Trees(text));
        }
        catch (Exception e)
            when (e
                    is YamlException
                        or InvalidCastException
                        or ArgumentException
                        or KeyNotFoundException
                        or InvalidOperationException
            )
        {
            return null;
        }
    }
}
