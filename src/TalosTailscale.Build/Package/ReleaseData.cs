using System.Text.RegularExpressions;

namespace TalosTailscale.Build.Package;

/// <summary>What a manifest says of its release: notes, project and licence, as PSResourceGet and galleries show them.</summary>
/// <param name="Notes">The version's part of CHANGELOG.md.</param>
/// <param name="Address">Where the project lives; null while there is no such place.</param>
public sealed partial record ReleaseData(string Notes, ProjectAddress? Address)
{
    /// <summary>Reads what a checkout says.</summary>
    /// <param name="root">The checkout.</param>
    /// <param name="version">The version that is released.</param>
    /// <exception cref="FormatException">CHANGELOG.md has no part for the version.</exception>
    public static ReleaseData Of(string root, string version)
    {
        string changes = File.ReadAllText(Path.Combine(root, "CHANGELOG.md")).ReplaceLineEndings("\n");
        Match part = Regex.Match(
            changes,
            $@"^## {Regex.Escape(version)}\b.*\n(?<notes>(?:(?!## ).*\n?)*)",
            RegexOptions.Multiline
        );
        return part.Success
            ? new ReleaseData(part.Groups["notes"].Value.Trim(), ProjectAddress.Of(root))
            : throw new FormatException($"CHANGELOG.md has no heading '## {version}'.");
    }

    /// <summary>The manifest with this in it.</summary>
    /// <param name="manifest">Its text; its <c>PSData</c> says nothing of a release yet.</param>
    public string In(string manifest)
    {
        string lines = Line("ReleaseNotes", Notes);
        if (Address is not null)
            lines += Line("ProjectUri", Address.Project.AbsoluteUri) + Line("LicenseUri", Address.Licence.AbsoluteUri);
        return Data().Replace(manifest, match => match.Value + lines, 1);
    }

    private static string Line(string name, string value) =>
        $"            {name} = '{value.Replace("'", "''", StringComparison.Ordinal)}'\n";

    [GeneratedRegex(@"PSData\s*=\s*@\{\r?\n")]
    private static partial Regex Data();
}
