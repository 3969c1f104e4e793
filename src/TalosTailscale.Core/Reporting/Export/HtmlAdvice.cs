namespace TalosTailscale.Core.Reporting.Export;

/// <summary>What to do, most urgent first: each fix once, with the nodes that it is for.</summary>
internal static class HtmlAdvice
{
    public static void Write(HtmlWriter html, ReportContent content)
    {
        var found = content
            .Checks.Where(check =>
                check.Status is TsCheckStatus.Fail or TsCheckStatus.Warning && check.Cause is not null
            )
            .GroupBy(check => (check.Cause, check.Fix))
            .Select(group => (Cause: group.Key.Cause!, group.Key.Fix, Checks: group.ToList()))
            .OrderBy(group => group.Checks.Any(check => check.Status == TsCheckStatus.Fail) ? 0 : 1)
            // What only follows from something else points to another check: it comes after what has a remedy of its own.
            .ThenBy(group => group.Fix?.StartsWith("See the check", StringComparison.Ordinal) == true ? 1 : 0)
            .ThenByDescending(group => group.Checks.Count)
            .ToList();
        if (found.Count == 0)
            return;
        html.Open("section", ("aria-labelledby", "advice"))
            .Element("h2", "What to do", ("id", "advice"))
            .Open("ol", ("class", "advice"));
        foreach (var (cause, fix, checks) in found)
        {
            var status = ReportContent.Worst(checks.Select(check => check.Status));
            html.Open("li", ("class", HtmlStatus.Class(status))).Open("h3");
            HtmlStatus.Icon(html, status);
            html.Element("code", cause);
            if (checks.Find(check => check.FailureMode is not null)?.FailureMode is { } mode)
                html.Element("span", FormattableString.Invariant($"failure mode {mode}"), ("class", "mode"));
            html.Close();
            html.Element("p", fix ?? "");
            html.Element("p", "On " + Nodes([.. checks.Select(check => check.Node).Distinct()]), ("class", "where"))
                .CloseLine();
        }

        html.Close().CloseLine();
    }

    private static string Nodes(List<string> nodes) =>
        nodes.Count <= 12
            ? string.Join(", ", nodes)
            : FormattableString.Invariant($"{string.Join(", ", nodes.Take(12))} and {nodes.Count - 12} more");
}
