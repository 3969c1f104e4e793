using System.Text;

namespace TalosTailscale.Build.Help;

/// <summary>The folder of pages and the files of <c>Get-Help</c> that are made of it.</summary>
public static class HelpFiles
{
    /// <summary>The page with the parameters that many cmdlets share.</summary>
    public const string SharedPage = "SharedParameters.md";

    /// <summary>The topic with the table of errors.</summary>
    public const string ErrorTopic = "about_TalosTailscale_Errors.md";

    private const string AboutPrefix = "about_";

    /// <summary>The pages of cmdlets, by name.</summary>
    /// <param name="folder">The folder, <c>docs/help</c>.</param>
    public static IReadOnlyDictionary<string, HelpPage> Pages(string folder) =>
        Directory
            .EnumerateFiles(folder, "*-*.md")
            .Select(path => HelpPage.Parse(File.ReadAllText(path), path))
            .ToDictionary(page => page.Name, StringComparer.Ordinal);

    /// <summary>Writes the MAML file and the about topics.</summary>
    /// <param name="folder">The folder with the pages.</param>
    /// <param name="target">The folder to write to, <c>en-US</c> beside the manifest.</param>
    public static void Build(string folder, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var old in Directory.EnumerateFiles(target))
            File.Delete(old);
        foreach (var path in Directory.EnumerateFiles(folder, AboutPrefix + "*.md"))
        {
            var name = Path.GetFileNameWithoutExtension(path);
            File.WriteAllText(
                Path.Combine(target, name + ".help.txt"),
                AboutTopic.ToText(name, File.ReadAllText(path)),
                new UTF8Encoding(true)
            );
        }

        // Last, since the build takes this file for the sign that all are made.
        MamlWriter.Write(
            Path.Combine(target, "TalosTailscale.dll-Help.xml"),
            Pages(folder),
            SharedParameters.Load(folder),
            ProjectAddress.Of(Path.Combine(folder, "..", ".."))
        );
    }

    /// <summary>The pages whose parts that come from the code are out of date, with the text that they should have.</summary>
    /// <param name="folder">The folder with the pages.</param>
    public static IEnumerable<(string Path, string Text)> Updated(string folder)
    {
        foreach (var cmdlet in ModuleCmdlet.All)
        {
            var path = Path.Combine(folder, cmdlet.Name + ".md");
            if (File.Exists(path))
                yield return (path, GeneratedBlock.Replace(File.ReadAllText(path), "syntax", Syntax(cmdlet)));
        }

        var errors = Path.Combine(folder, ErrorTopic);
        if (File.Exists(errors))
            yield return (errors, GeneratedBlock.Replace(File.ReadAllText(errors), "errors", ErrorTable.Markdown()));
    }

    private static string Syntax(ModuleCmdlet cmdlet) =>
        "```text\n" + string.Join("\n\n", cmdlet.Sets.Select(set => SyntaxText.Of(cmdlet.Name, set))) + "\n```";
}
