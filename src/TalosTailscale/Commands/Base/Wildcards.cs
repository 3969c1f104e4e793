using System.Management.Automation;

namespace TalosTailscale.Commands;

/// <summary>Names with wildcards, and which of those without any have matched nothing.</summary>
internal sealed class Wildcards
{
    private readonly (string Text, WildcardPattern Pattern)[] _patterns;
    private readonly HashSet<string> _matched = new(StringComparer.Ordinal);

    public Wildcards(IEnumerable<string> names) =>
        _patterns = [
            .. names.Select(name =>
                (name, new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant))
            ),
        ];

    public bool Match(string name)
    {
        bool any = false;
        foreach ((string text, WildcardPattern pattern) in _patterns)
        {
            if (!pattern.IsMatch(name))
                continue;
            _matched.Add(text);
            any = true;
        }

        return any;
    }

    /// <summary>The plain names that nothing matched; a wildcard may match nothing.</summary>
    public IEnumerable<string> Unmatched() =>
        _patterns
            .Where(entry => !WildcardPattern.ContainsWildcardCharacters(entry.Text) && !_matched.Contains(entry.Text))
            .Select(entry => entry.Text);
}
