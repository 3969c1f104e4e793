using System.Management.Automation;
using System.Reflection;
using System.Text;
using System.Xml.Linq;
using TalosTailscale.Commands;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Views;

/// <summary>
/// How every type that a cmdlet writes looks on a screen of 80 and of 120 columns. After a wanted change run the tests
/// once with <c>UPDATE_SNAPSHOTS=1</c> and look at the difference.
/// </summary>
public sealed class ViewTests(Screens screens) : IClassFixture<Screens>
{
    private static readonly string s_folder = Path.Combine(
        Repository.Root,
        "tests",
        "TalosTailscale.Tests",
        "TestData",
        "views"
    );

    private static readonly Dictionary<string, Type> s_types = typeof(TsCmdlet)
        .Assembly.GetExportedTypes()
        .SelectMany(type => type.GetCustomAttributes<OutputTypeAttribute>())
        .SelectMany(output => output.Type)
        .Select(type => type.Type)
        .Where(type => type.Namespace == nameof(TalosTailscale))
        .Append(typeof(EspFile))
        .Append(typeof(UkiSwapGateResult))
        .Distinct()
        .ToDictionary(type => type.Name, StringComparer.Ordinal);

    public static TheoryData<string> Types => [.. s_types.Keys.Order(StringComparer.Ordinal)];

    internal static object Sample(string type) => ViewSample.Of(s_types[type]);

    [Theory, MemberData(nameof(Types))]
    public void The_view_fits_and_looks_as_it_did(string name)
    {
        object sample = ViewSample.Of(s_types[name]);
        var text = new StringBuilder();
        foreach (int width in new[] { 80, 120 })
        {
            string screen = Show(sample, width);
            Assert.All(screen.Split('\n'), line =>
                Assert.True(line.TrimEnd().Length <= width, $"{line.Length} columns: {line}")
            );
            text.Append(new string('-', width)).Append('\n').Append(Trimmed(screen)).Append('\n');
        }

        string path = Path.Combine(s_folder, name + ".txt");
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(s_folder);
            File.WriteAllText(path, text.ToString());
        }

        Assert.True(File.Exists(path), $"'{path}' is missing; run the test with UPDATE_SNAPSHOTS=1.");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), text.ToString());
    }

    [Theory, MemberData(nameof(Types))]
    public void A_narrow_screen_hides_no_column(string name)
    {
        string[] wide = Headers(Show(ViewSample.Of(s_types[name]), 120));
        string[] narrow = Headers(Show(ViewSample.Of(s_types[name]), 80));
        Assert.Equal(wide, narrow);
    }

    [Theory, MemberData(nameof(Types))]
    public void It_has_a_view_of_its_own(string name)
    {
        string files = string.Concat(
            Directory
                .EnumerateFiles(Path.Combine(Repository.Root, "module"), "*.Format.ps1xml")
                .Select(File.ReadAllText)
        );
        Assert.Contains($"<TypeName>{s_types[name].FullName}</TypeName>", files, StringComparison.Ordinal);
    }

    /// <summary>Where the first column has no width, the rows of the first 0.3 s set those of all that come later.</summary>
    [Fact]
    public void Steps_that_come_later_are_not_cut_to_the_widths_of_the_first()
    {
        XElement view = XDocument
            .Load(Path.Combine(Repository.Root, "module", "Rollout.Format.ps1xml"))
            .Descendants("View")
            .Single(v => v.Element("Name")?.Value == nameof(TsRolloutStep));
        XElement[] columns = [.. view.Descendants("TableColumnHeader")];
        Assert.All(columns[..^1], column => Assert.NotNull(column.Element("Width")));
    }

    private string Show(object sample, int width) => screens.Show(sample, width);

    private static string[] Headers(string screen)
    {
        string[] lines = screen.Split('\n');
        int rule = Array.FindIndex(lines, line => line.StartsWith("--", StringComparison.Ordinal));
        return rule <= 0 ? [] : lines[rule - 1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Trimmed(string screen) =>
        string.Join('\n', screen.Split('\n').Select(line => line.TrimEnd())).Trim('\n');
}
