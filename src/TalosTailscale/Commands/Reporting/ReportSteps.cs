using System.Collections;
using System.Management.Automation;
using TalosTailscale.Core.Reporting.Export;

namespace TalosTailscale.Commands;

/// <summary>Takes objects that tell of steps into a report: swaps, and whatever has Node, Action and Status.</summary>
internal static class ReportSteps
{
    /// <summary>The steps of an object; null when it tells of none.</summary>
    public static IReadOnlyList<ReportStep>? Of(PSObject item)
    {
        if (item.BaseObject is UkiSwapResult swap)
            return
            [
                .. swap.Checks.Select(check => new ReportStep(
                    swap.Node,
                    $"Swap: {check.Name}",
                    check.Passed switch
                    {
                        true => TsCheckStatus.Pass,
                        false => TsCheckStatus.Fail,
                        _ => TsCheckStatus.Skipped,
                    },
                    check.Evidence,
                    TimeSpan.Zero
                )),
            ];
        // A plan or a result holds its steps.
        if (item.Properties["Steps"]?.Value is IEnumerable steps and not string)
            return [.. steps.Cast<object>().SelectMany(step => Of(PSObject.AsPSObject(step)) ?? [])];
        if (
            Text(item, "Node") is not { } node
            || Text(item, "Action") is not { } action
            || Text(item, "Status") is not { } status
        )
            return null;
        var evidence = string.Join(
            ' ',
            new[] { Text(item, "Evidence"), Text(item, "ErrorId") }.Where(part => !string.IsNullOrEmpty(part))
        );
        return
        [
            new ReportStep(
                node,
                action,
                StatusOf(status),
                evidence.Length > 0 ? evidence : Text(item, "Description") ?? "",
                item.Properties["Duration"]?.Value is TimeSpan time ? time : TimeSpan.Zero
            ),
        ];
    }

    private static TsCheckStatus? StatusOf(string status) =>
        status switch
        {
            "Planned" => null,
            "Done" => TsCheckStatus.Pass,
            "Failed" => TsCheckStatus.Fail,
            _ => TsCheckStatus.Skipped,
        };

    private static string? Text(PSObject item, string name) => item.Properties[name]?.Value?.ToString();
}
