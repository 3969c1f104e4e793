using System.Xml.Linq;

namespace TalosTailscale.Build;

/// <summary>Where the project lives, from <c>ProjectUri</c> in Directory.Build.props: the one place that says it.</summary>
/// <param name="Project">The repository's page.</param>
public sealed record ProjectAddress(Uri Project)
{
    /// <summary>The licence.</summary>
    public Uri Licence => File("LICENSE");

    /// <summary>The address of a checkout; null where it has none, or is no checkout.</summary>
    /// <param name="root">The checkout.</param>
    public static ProjectAddress? Of(string root)
    {
        string path = Path.Combine(root, "Directory.Build.props");
        string? text = System.IO.File.Exists(path)
            ? XDocument.Load(path).Descendants("ProjectUri").SingleOrDefault()?.Value.Trim()
            : null;
        return string.IsNullOrEmpty(text) ? null : new ProjectAddress(new Uri(text.TrimEnd('/')));
    }

    /// <summary>The help page of a cmdlet.</summary>
    /// <param name="cmdlet">Its name.</param>
    public Uri Page(string cmdlet) => File($"docs/help/{cmdlet}.md");

    private Uri File(string path) => new($"{Project.AbsoluteUri.TrimEnd('/')}/blob/main/{path}");
}
