using System.Reflection;
using System.Text;
using TalosTailscale.Commands;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Build.Help;

/// <summary>The errors of the module by reflection over their descriptors: what the topic on errors lists.</summary>
public static class ErrorTable
{
    /// <summary>All descriptors, by the room that declares them.</summary>
    public static IReadOnlyList<(string Room, TsError Error)> Errors { get; } =
    [
        .. new[] { typeof(IReporter).Assembly, typeof(TsCmdlet).Assembly, typeof(TsError).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(field => field.FieldType == typeof(TsError))
            .Select(field =>
                (
                    field.DeclaringType!.Name.Replace("Errors", "", StringComparison.Ordinal),
                    (TsError)field.GetValue(null)!
                )
            )
            .OrderBy(found => found.Item1, StringComparer.Ordinal)
            .ThenBy(found => found.Item2.Id, StringComparer.Ordinal),
    ];

    /// <summary>A table per room.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder();
        foreach (var room in Errors.GroupBy(error => error.Room))
        {
            text.Append("### ")
                .Append(room.Key)
                .Append("\n\n| ErrorId | category | when | what to do |\n|---|---|---|---|\n");
            foreach (var (_, error) in room)
                text.Append("| `")
                    .Append(error.Id)
                    .Append("` | ")
                    .Append(error.Category)
                    .Append(" | ")
                    .Append(Cell(error.Meaning))
                    .Append(" | ")
                    .Append(Cell(error.RecommendedAction))
                    .Append(" |\n");
            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
