using System.Globalization;
using System.Text;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>
/// Cases made with Talos 1.14's own code: what the module makes of each agrees, or the difference has its reason here, and
/// nothing is written that a node would refuse. The set in TestData is a third of the one beside the checkout.
/// </summary>
public sealed class Golden114Tests
{
    // What an installed node takes and this module writes otherwise, or refuses.
    private static readonly Dictionary<string, string> s_reasons = new(StringComparer.Ordinal)
    {
        ["hostname/upper-off"] = "the word stays as its author wrote it; Talos reads any case",
        ["resolver/do53"] = "the default protocol stays where the patch names it; Talos leaves it out",
        ["values/duration-short"] = "24h stays as its author wrote it; Talos writes 24h0m0s",
        ["values/text-float"] = "1.50 stays as its author wrote it; Talos reads it as text",
        ["values/uint32-underscore"] = "1_500 stays as its author wrote it; Talos writes 1500",
        ["values/uint32-float-whole"] = "a fraction is refused for a whole number; Talos cuts it off",
        ["json6902/single-bad-type"] = "text is refused where a boolean belongs; Talos checks no JSON patch",
    };

    // Where the checks alone see less than the patch as a whole.
    private static readonly HashSet<string> s_typesOnly = ["json6902/single-move"];

    private static readonly string s_own = Path.Combine(AppContext.BaseDirectory, "TestData", "machineconfig-1.14");

    [Fact]
    public void The_cases_of_the_repository_agree() => Check(s_own, 150);

    [Fact]
    public void All_cases_beside_the_checkout_agree()
    {
        string? all = Beside();
        Assert.SkipWhen(all is null, "The samples are not laid out beside the checkout.");
        Check(all!, 455);
    }

    private static void Check(string root, int count)
    {
        IReadOnlyList<string> names = Golden114.Names(root);
        var groups = new SortedDictionary<string, int[]>(StringComparer.Ordinal);
        var wrong = new List<string>();
        foreach (string name in names)
        {
            Golden114 golden = Golden114.Load(root, name);
            (Golden114.Verdict verdict, string words) = golden.Run();
            if (!groups.TryGetValue(golden.Group, out int[]? counts))
                groups[golden.Group] = counts = new int[5];
            counts[(int)verdict]++;
            bool explained = verdict == Golden114.Verdict.Differs && s_reasons.ContainsKey(name);
            if (verdict >= Golden114.Verdict.NodeRefuses && !explained)
                wrong.Add($"{verdict} {name}: {words}");
            if (golden.Expected is null || s_typesOnly.Contains(name))
                continue;
            string? findings = golden.Findings();
            if (findings is null != golden.NodeTakes)
                wrong.Add($"Checks {name}: a node says '{golden.Refusal ?? "ok"}', found '{findings ?? "ok"}'");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(Table(groups));
        Assert.Equal(count, names.Count);
        Assert.Empty(wrong);
        Assert.Equal(0, groups.Values.Sum(counts => counts[(int)Golden114.Verdict.NodeRefuses]));
    }

    private static string Table(SortedDictionary<string, int[]> groups)
    {
        var text = new StringBuilder(
            "group: same, refused as the node would, better than Talos, node refuses, differs\n"
        );
        foreach ((string group, int[] counts) in groups)
            text.Append(CultureInfo.InvariantCulture, $"{group}: {string.Join(", ", counts)}\n");
        return text.ToString();
    }

    private static string? Beside()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "shared", "testdata", "machineconfig-1.14");
            if (File.Exists(Path.Combine(folder, "index.json")))
                return folder;
        }

        return null;
    }
}
