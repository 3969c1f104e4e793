using System.Management.Automation;

namespace TalosTailscale.Build.Help;

/// <summary>The texts of parameters that are described once for many cmdlets, by the class that declares them.</summary>
public sealed class SharedParameters
{
    private readonly Dictionary<(string Class, string Name), IReadOnlyList<string>> _texts = [];

    /// <summary>Reads the page; each chapter is named after the class it describes.</summary>
    /// <param name="folder">The folder with the pages.</param>
    public static SharedParameters Load(string folder)
    {
        var shared = new SharedParameters();
        var page = MarkdownSection
            .Parse(File.ReadAllText(Path.Combine(folder, HelpFiles.SharedPage)))
            .Children.Single();
        foreach (var chapter in page.Children)
        foreach (var parameter in chapter.Children)
            shared._texts.Add((chapter.Hidden, parameter.Title.TrimStart('-')), parameter.Paragraphs);
        return shared;
    }

    /// <summary>The classes that the page has a chapter for.</summary>
    public IEnumerable<string> Classes => _texts.Keys.Select(key => key.Class).Distinct();

    /// <summary>What a parameter does: the page's own words, else the shared ones; null where nobody says.</summary>
    /// <param name="page">The page of the cmdlet.</param>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="parameter">The name of the parameter.</param>
    public IReadOnlyList<string>? Text(HelpPage page, ModuleCmdlet cmdlet, string parameter)
    {
        if (page.Parameters.TryGetValue(parameter, out var own))
            return own;
        var declaring = cmdlet.Type.GetProperty(parameter)?.DeclaringType?.Name ?? nameof(PSCmdlet);
        return _texts.GetValueOrDefault((declaring, parameter));
    }
}
