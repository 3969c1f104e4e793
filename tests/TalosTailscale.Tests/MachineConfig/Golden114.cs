using System.Text.Json;
using TalosTailscale.Core;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>
/// A case made with the code of Talos 1.14 (TestData/machineconfig-1.14, see the README there), and how what this module
/// makes of it compares.
/// </summary>
internal sealed record Golden114(
    string Name,
    string Config,
    IReadOnlyList<ConfigPatch> Patches,
    string? Expected,
    bool IsLoose,
    string? Refusal,
    string? Quirk
)
{
    /// <summary>The Talos whose code made the cases.</summary>
    public static readonly Version Talos = new(1, 14, 0);

    /// <summary>What came of a case.</summary>
    internal enum Verdict
    {
        /// <summary>The same tree, or refused where Talos refuses to patch.</summary>
        Same,

        /// <summary>Talos writes what its node refuses; refused here.</summary>
        Refused,

        /// <summary>Talos writes what its node refuses, or loses data; written here in a form that the node takes.</summary>
        Better,

        /// <summary>Written here, and a node would refuse it.</summary>
        NodeRefuses,

        /// <summary>Anything else.</summary>
        Differs,
    }

    public string Group => Name[..Name.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>An installed node takes what Talos makes of the case.</summary>
    public bool NodeTakes => Expected is not null && Refusal is null;

    public static Golden114 Load(string root, string name)
    {
        string folder = Path.Combine(root, name);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        JsonElement value = json.RootElement;
        string Text(string file) => ConfigText.Decode(File.ReadAllBytes(Path.Combine(folder, file)), file);
        string? Word(string key) => value.TryGetProperty(key, out JsonElement found) ? found.GetString() : null;
        string? validate = Word("validateInstalled") ?? Word("validate");
        return new Golden114(
            name,
            Text(Word("config")!),
            [
                .. value
                    .GetProperty("patches")
                    .EnumerateArray()
                    .Select(file => new ConfigPatch(Text(file.GetString()!), file.GetString()!)),
            ],
            Word("expected") is { } expected ? Text(expected) : null,
            Word("compare") is "loose" or "oracle",
            validate == "ok" ? null : validate,
            Word("quirk")
        );
    }

    /// <summary>The names of the cases below a folder.</summary>
    public static IReadOnlyList<string> Names(string root) =>
        JsonSerializer.Deserialize<string[]>(File.ReadAllText(Path.Combine(root, "index.json")))!;

    /// <summary>Patches as the module does, and compares.</summary>
    public (Verdict Verdict, string Words) Run()
    {
        string text;
        try
        {
            IReadOnlyList<ConfigPatch> patches = PatchForms
                .Adapt(Config, Patches, Name, Talos, ListMerge.Append)
                .Patches;
            text = MachineConfigPatcher.Apply(Config, patches, ListMerge.Append, Name, talos: Talos).Text;
            ConfigValidator.Check(Config, text, Name, Talos);
        }
        catch (TsException e)
        {
            string said = $"{e.ErrorId}: {e.Message}";
            return NodeTakes ? (Verdict.Differs, "refused: " + said)
                : Expected is null ? (Verdict.Same, said)
                : (Verdict.Refused, said);
        }

        if (Expected is null)
            return (Verdict.NodeRefuses, "written, refused by Talos");
        string? difference = Difference(text);
        if (difference is null)
            return NodeTakes ? (Verdict.Same, string.Empty) : (Verdict.NodeRefuses, Refusal!);
        return NodeTakes && Quirk is null ? (Verdict.Differs, difference) : (Verdict.Better, difference);
    }

    /// <summary>What the checks of the module say of Talos's own result; null when nothing.</summary>
    public string? Findings()
    {
        try
        {
            ConfigValidator.Check("version: v1alpha1\nmachine: {type: worker}\n", Expected!, Name, Talos);
            return null;
        }
        catch (TsException e)
        {
            return e.Message;
        }
    }

    private string? Difference(string text)
    {
        SortedDictionary<string, string> expected = YamlOracle.Documents(Expected!, IsLoose);
        SortedDictionary<string, string> actual = YamlOracle.Documents(text, IsLoose);
        if (!expected.Keys.SequenceEqual(actual.Keys))
            return $"documents: missing {string.Join(", ", expected.Keys.Except(actual.Keys))}; more {string.Join(", ", actual.Keys.Except(expected.Keys))}";
        foreach ((string id, string document) in expected)
        {
            if (document == actual[id])
                continue;
            string[] wanted = document.Split('\n');
            string[] found = actual[id].Split('\n');
            int at = wanted.Zip(found).TakeWhile(pair => pair.First == pair.Second).Count();
            return $"{id}: expected '{wanted.ElementAtOrDefault(at)}', found '{found.ElementAtOrDefault(at)}'";
        }

        return null;
    }
}
