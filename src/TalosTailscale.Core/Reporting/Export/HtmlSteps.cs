namespace TalosTailscale.Core.Reporting.Export;

/// <summary>The steps of a rollout, node by node.</summary>
internal static class HtmlSteps
{
    public static void Write(HtmlWriter html, IReadOnlyList<ReportStep> steps)
    {
        if (steps.Count == 0)
            return;
        html.Open("section", ("aria-labelledby", "rollout")).Element("h2", "Rollout", ("id", "rollout"));
        var longest = Math.Max(0.001, steps.Max(step => step.Duration.TotalSeconds));
        foreach (var node in steps.GroupBy(step => step.Node))
        {
            html.Open("article", ("class", "card")).Open("div", ("class", "head")).Element("h3", node.Key);
            HtmlStatus.Badge(html, ReportContent.Worst(node.Select(step => step.Status ?? TsCheckStatus.Skipped)));
            html.Close().Open("ol", ("class", "steps"));
            foreach (var step in node)
                Step(html, step, longest);
            html.Close().CloseLine();
        }

        html.CloseLine();
    }

    private static void Step(HtmlWriter html, ReportStep step, double longest)
    {
        var status = step.Status ?? TsCheckStatus.Skipped;
        html.Open("li", ("class", HtmlStatus.Class(status)));
        HtmlStatus.Icon(html, status);
        html.Open("div")
            .Open("p")
            .Element("strong", step.Name)
            .Text(" ")
            .Element("span", step.Status is { } done ? HtmlStatus.Word(done) : "Not begun", ("class", "hidden"))
            .Close();
        html.Element("p", step.Evidence, ("class", "evidence")).Close();
        html.Open(
                "svg",
                ("class", "bar"),
                ("viewBox", "0 0 100 6"),
                ("preserveAspectRatio", "none"),
                ("aria-hidden", "true")
            )
            .Empty(
                "rect",
                ("width", HtmlWriter.Number(100 * step.Duration.TotalSeconds / longest)),
                ("height", "6"),
                ("rx", "1")
            )
            .Close();
        html.Element("span", step.Status is null ? "" : HtmlNodes.Time(step.Duration), ("class", "time")).CloseLine();
    }
}
