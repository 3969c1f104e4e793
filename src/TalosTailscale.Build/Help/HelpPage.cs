namespace TalosTailscale.Build.Help;

/// <summary>One example of a page.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Before">Script that sets the stage for the test of the example; readers do not see it.</param>
/// <param name="Code">What the user types.</param>
/// <param name="Remarks">What comes of it.</param>
public sealed record HelpExample(string Title, string Before, string Code, IReadOnlyList<string> Remarks);

/// <summary>The page of one cmdlet in <c>docs/help</c>, taken apart.</summary>
/// <param name="Name">The cmdlet.</param>
/// <param name="Synopsis">One sentence.</param>
/// <param name="Description">Paragraphs.</param>
/// <param name="Examples">Examples in their order.</param>
/// <param name="Parameters">Paragraphs by name of parameter.</param>
/// <param name="Inputs">Type and what is done with it.</param>
/// <param name="Outputs">Type and what it is.</param>
/// <param name="Notes">Rights that are needed, and limits.</param>
/// <param name="Links">Names of related cmdlets and topics.</param>
public sealed record HelpPage(
    string Name,
    string Synopsis,
    IReadOnlyList<string> Description,
    IReadOnlyList<HelpExample> Examples,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters,
    IReadOnlyList<(string Type, IReadOnlyList<string> Text)> Inputs,
    IReadOnlyList<(string Type, IReadOnlyList<string> Text)> Outputs,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Links
)
{
    /// <summary>Reads a page.</summary>
    /// <param name="text">Its Markdown.</param>
    /// <param name="path">Where it lies, for messages.</param>
    /// <exception cref="FormatException">It has no name.</exception>
    public static HelpPage Parse(string text, string path)
    {
        var root = MarkdownSection.Parse(text).Children is [{ Level: 1 } only]
            ? only
            : throw new FormatException($"'{path}' does not start with one heading '# Verb-Noun'.");
        return new HelpPage(
            root.Title,
            root.Paragraphs is [var synopsis, ..] ? synopsis : "",
            Part("Description")?.Paragraphs ?? [],
            [.. (Part("Examples")?.Children ?? []).Select(Example)],
            (Part("Parameters")?.Children ?? []).ToDictionary(
                part => part.Title.TrimStart('-'),
                part => part.Paragraphs,
                StringComparer.OrdinalIgnoreCase
            ),
            Types("Inputs"),
            Types("Outputs"),
            Part("Notes")?.Paragraphs ?? [],
            [
                .. (Part("See also")?.Paragraphs ?? []).SelectMany(line =>
                    line.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
                ),
            ]
        );

        MarkdownSection? Part(string title) => root.Children.FirstOrDefault(part => part.Title == title);

        IReadOnlyList<(string, IReadOnlyList<string>)> Types(string title) =>
            [.. (Part(title)?.Children ?? []).Select(part => (part.Title, part.Paragraphs))];
    }

    private static HelpExample Example(MarkdownSection part) =>
        new(part.Title, part.Hidden, part.Code, part.Paragraphs);
}
