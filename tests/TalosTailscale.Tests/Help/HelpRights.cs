using System.Text.RegularExpressions;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Help;

/// <summary>The Kubernetes rights that the Notes of a cmdlet's help list, as <c>verb resource</c>.</summary>
internal static partial class HelpRights
{
    /// <summary>The cmdlets that have a page.</summary>
    internal static IEnumerable<string> Cmdlets =>
        Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "docs", "help"), "*-*.md")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal);

    /// <summary>Those of a page, and of the pages that it refers to; a page that says neither which nor none is an error.</summary>
    internal static HashSet<string> Of(string cmdlet)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "help", cmdlet + ".md"));
        string notes = page[page.IndexOf("## Notes", StringComparison.Ordinal)..];
        var rights = new HashSet<string>(StringComparer.Ordinal);
        if (VerbsRegex().Match(notes) is not { Success: true } verbs)
        {
            Assert.True(NoneRegex().IsMatch(notes), $"{cmdlet}: the Notes say nothing of Kubernetes rights.");
            return rights;
        }

        // One grant, or the name of another page, between two semicolons.
        foreach (string part in verbs.Groups["list"].Value.Split(';'))
        {
            if (OthersRegex().Match(part) is { Success: true } others)
                rights.UnionWith(Of(others.Groups["cmdlet"].Value));
            foreach (Match grant in GrantRegex().Matches(part))
            foreach (Match verb in CodeRegex().Matches(grant.Groups["verbs"].Value))
            foreach (Match resource in CodeRegex().Matches(grant.Groups["resources"].Value))
                rights.Add($"{verb.Groups["code"]} {resource.Groups["code"]}");
        }

        Assert.True(rights.Count > 0, $"{cmdlet}: no right can be read in '{verbs.Value}'.");
        return rights;
    }

    [GeneratedRegex("Kubernetes\\s+verbs:(?<list>.*?)\\.(?:\\s|$)", RegexOptions.Singleline)]
    private static partial Regex VerbsRegex();

    [GeneratedRegex("no\\s+right\\s+in\\s+Kubernetes\\s+is\\s+needed", RegexOptions.IgnoreCase)]
    private static partial Regex NoneRegex();

    [GeneratedRegex("those\\s+of\\s+(?<cmdlet>[A-Z]\\w+-\\w+)")]
    private static partial Regex OthersRegex();

    // `get`, `list` on `nodes` and `pods`
    [GeneratedRegex(
        "(?<verbs>(?:`[a-z]+`(?:,|\\sand)?\\s+)+)on\\s+(?<resources>`[a-z/]+`(?:(?:,|\\sand)\\s+`[a-z/]+`)*)"
    )]
    private static partial Regex GrantRegex();

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex CodeRegex();
}
