using System.Text;

namespace TalosTailscale.Core.Validation;

/// <summary>Writes all causes as the tables of <c>about_TalosTailscale_FailureModes</c>.</summary>
public static class FailureModeTable
{
    private static readonly string[] s_titles =
    [
        "Of no failure mode",
        "Failure mode 1: EFI variables",
        "Failure mode 2: boot entries",
        "Failure mode 3: the service and its log-in",
        "Failure mode 4: names",
        "Failure mode 5: addresses and names of nodes",
    ];

    /// <summary>The tables, modes 1 to 5 first.</summary>
    /// <returns>Markdown, with line feeds.</returns>
    public static string Write()
    {
        var text = new StringBuilder();
        foreach (var mode in new[] { 1, 2, 3, 4, 5, 0 })
        {
            text.Append("\n### ")
                .Append(s_titles[mode])
                .Append("\n\n| Cause | what is wrong | what to do |\n|---|---|---|\n");
            foreach (var cause in Causes.All.Where(cause => (cause.FailureMode ?? 0) == mode))
                text.Append("| `")
                    .Append(cause.Code)
                    .Append("` | ")
                    .Append(Cell(cause.Meaning))
                    .Append(" | ")
                    .Append(Cell(cause.Fix))
                    .Append(" |\n");
        }

        return text.Append('\n').ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
