using System.Text.Json;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>A case of TestData/machineconfig; see the README there.</summary>
internal sealed record GoldenCase(
    string Folder,
    string Config,
    IReadOnlyList<ConfigPatch> Patches,
    ListMerge Mode,
    bool IsError,
    string? Expected,
    bool IsLoose,
    string? Quirk
)
{
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "TestData", "machineconfig");

    public static IEnumerable<string> Names(string folder) =>
        JsonSerializer
            .Deserialize<string[]>(File.ReadAllText(Path.Combine(Root, "index.json")))!
            .Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal));

    public static GoldenCase Load(string name)
    {
        string folder = Path.Combine(Root, name);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        JsonElement root = json.RootElement;
        string Text(string file) => ConfigText.Decode(File.ReadAllBytes(Path.Combine(folder, file)), file);
        return new GoldenCase(
            folder,
            Text(root.GetProperty("config").GetString()!),
            [
                .. root.GetProperty("patches")
                    .EnumerateArray()
                    .Select(file => new ConfigPatch(Text(file.GetString()!), file.GetString()!)),
            ],
            Enum.Parse<ListMerge>(root.GetProperty("listMerge").GetString()!),
            root.GetProperty("outcome").GetString() == "error",
            root.TryGetProperty("expected", out JsonElement expected) ? Text(expected.GetString()!) : null,
            root.TryGetProperty("compare", out JsonElement compare) && compare.GetString() == "loose",
            root.TryGetProperty("quirk", out JsonElement quirk) ? quirk.GetString() : null
        );
    }
}
