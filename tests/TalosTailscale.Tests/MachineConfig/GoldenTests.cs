using System.Security.Cryptography;
using System.Text.Json;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Every case of the golden set, against YamlDotNet's reading of the result.</summary>
public sealed class GoldenTests
{
    // The set names this line as one that must stay, while the patch of the same case deletes just this key and the
    // expected tree lacks it. The data is kept as it was given; the tree decides.
    private static readonly (string Case, string Line) s_contradiction = (
        "lossless/delete-keys-keeps-rest",
        "        rack: r1"
    );

    // The set appends every resolver; the tailnet's goes first since then, which PatcherTextTests holds. The rest is the set's.
    private static readonly string[] s_tailnetFirst = ["union/nameservers-union", "union/resolverconfig-maps-by-value"];

    public static TheoryData<string> Merge => [.. GoldenCase.Names("merge")];

    public static TheoryData<string> Union => [.. GoldenCase.Names("union")];

    public static TheoryData<string> Lossless => [.. GoldenCase.Names("lossless")];

    [Theory]
    [MemberData(nameof(Merge))]
    public void Merges_as_Talos_does(string name) => Check(name);

    [Theory]
    [MemberData(nameof(Union))]
    public void Union_mode_follows_its_rule(string name) => Check(name);

    [Theory]
    [MemberData(nameof(Lossless))]
    public void Keeps_what_no_patch_touches(string name)
    {
        PatchedConfig result = Check(name)!;
        GoldenCase golden = GoldenCase.Load(name);
        byte[] before = ConfigText.Encode(golden.Config);
        byte[] after = ConfigText.Encode(result.Text);
        using JsonDocument json = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(golden.Folder, "untouched-documents.json"))
        );
        JsonElement root = json.RootElement;
        if (root.TryGetProperty("identical", out JsonElement identical) && identical.GetBoolean())
        {
            Assert.Equal(before, after);
            Assert.False(result.IsChanged);
        }

        foreach (JsonElement document in Items(root, "documents"))
        {
            byte[] span = before
                .AsSpan(document.GetProperty("offset").GetInt32(), document.GetProperty("length").GetInt32())
                .ToArray();
            Assert.Equal(document.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(span)));
            Assert.True(
                after.AsSpan().IndexOf(span) >= 0,
                $"A document of {span.Length} bytes is not in the result any more."
            );
        }

        string[] lines = result.Text.Split('\n');
        int at = 0;
        foreach (JsonElement line in Items(root, "lines"))
        {
            string wanted = line.GetString()!;
            if ((name, wanted) == s_contradiction)
            {
                TestContext.Current.AddWarning(
                    $"'{wanted.Trim()}' is not looked for: the patch of '{name}' deletes that key, and the expected tree of the case lacks it."
                );
                continue;
            }

            at = Array.FindIndex(lines, at, found => found.TrimEnd('\r') == wanted.TrimEnd('\r')) + 1;
            Assert.True(at > 0, $"The line '{wanted}' is missing or out of order in:\n{result.Text}");
        }

        foreach (JsonElement comment in Items(root, "comments"))
            Assert.Contains(comment.GetString()!, result.Text, StringComparison.Ordinal);
        if (root.TryGetProperty("order", out JsonElement order))
            Assert.Equal(order.EnumerateArray().Select(id => id.GetString()), YamlOracle.Order(result.Text));
    }

    private static IEnumerable<JsonElement> Items(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement items) ? items.EnumerateArray() : [];

    private static PatchedConfig? Check(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        if (golden.IsError)
        {
            Assert.Throws<TsException>(() => MachineConfigPatcher.Apply(golden.Config, golden.Patches, golden.Mode));
            return null;
        }

        PatchedConfig result = MachineConfigPatcher.Apply(golden.Config, golden.Patches, golden.Mode);
        if (golden.Quirk is not null && QuirkTests.BetterThanTalos.Contains(name))
            return result;
        SortedDictionary<string, string> expected = YamlOracle.Documents(golden.Expected!, golden.IsLoose);
        SortedDictionary<string, string> actual = YamlOracle.Documents(result.Text, golden.IsLoose);
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string id, string document) in expected)
            Assert.Equal(Ordered(document), Ordered(actual[id]));
        return result;

        string Ordered(string document) =>
            s_tailnetFirst.Contains(name)
                ? string.Join('\n', document.Split('\n').Order(StringComparer.Ordinal))
                : document;
    }
}
