using System.Text;
using System.Xml.Linq;

namespace TalosTailscale.Build.Package;

/// <summary>The licences of what ships, from the packages themselves.</summary>
internal static class Notices
{
    private static readonly string[] s_files =
    [
        "LICENSE",
        "LICENSE.txt",
        "LICENSE.md",
        "license.txt",
        "License.md",
        "LICENSE.TXT",
    ];

    public static string Of(IEnumerable<LockedPackage> packages)
    {
        var text = new StringBuilder("TalosTailscale ships with these packages, each under its own licence.\n");
        foreach (var package in packages)
        {
            var folder = Path.Combine(PackageFolder, package.Id.ToLowerInvariant(), package.Version.ToLowerInvariant());
            var nuspec = Nuspec(folder, package.Id);
            text.Append('\n')
                .Append('-', 78)
                .Append('\n')
                .Append(package.Id)
                .Append(' ')
                .Append(package.Version)
                .Append('\n');
            Line("Licence", Licence(nuspec));
            Line("Copyright", Value(nuspec, "copyright") ?? Value(nuspec, "authors"));
            Line("Project", Value(nuspec, "projectUrl"));
            foreach (var name in s_files.Where(name => File.Exists(Path.Combine(folder, name))).Take(1))
                text.Append('\n')
                    .Append(File.ReadAllText(Path.Combine(folder, name)).ReplaceLineEndings("\n").Trim())
                    .Append('\n');
        }

        return text.ToString();

        void Line(string label, string? value)
        {
            if (!string.IsNullOrWhiteSpace(value))
                text.Append(label).Append(": ").Append(value.Trim()).Append('\n');
        }
    }

    /// <summary>The licence of a package as an SPDX expression or an address.</summary>
    public static string? LicenceOf(LockedPackage package) =>
        Licence(
            Nuspec(
                Path.Combine(PackageFolder, package.Id.ToLowerInvariant(), package.Version.ToLowerInvariant()),
                package.Id
            )
        );

    private static string PackageFolder =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static XElement Nuspec(string folder, string id) =>
        XDocument
            .Load(Path.Combine(folder, id.ToLowerInvariant() + ".nuspec"))
            .Root!.Elements()
            .First(e => e.Name.LocalName == "metadata");

    private static string? Licence(XElement nuspec)
    {
        var licence = nuspec.Elements().FirstOrDefault(e => e.Name.LocalName == "license");
        return licence?.Attribute("type")?.Value == "expression"
            ? licence.Value
            : Value(nuspec, "licenseUrl") ?? licence?.Value;
    }

    private static string? Value(XElement nuspec, string name) =>
        nuspec.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
}
