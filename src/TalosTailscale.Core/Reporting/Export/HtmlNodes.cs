namespace TalosTailscale.Core.Reporting.Export;

/// <summary>The nodes: one line each in the overview, then each with the picture of its way and all checks.</summary>
internal static class HtmlNodes
{
    public static void WriteOverview(HtmlWriter html, List<(string Name, IReadOnlyList<TsCheck> Checks)> all)
    {
        var nodes = all.Select((node, at) => (node.Name, node.Checks, At: at))
            .Where(node => ReportPath.IsNode(node.Checks))
            .ToList();
        if (nodes.Count < 2)
            return;
        html.Open("section", ("aria-labelledby", "overview")).Element("h2", "Overview", ("id", "overview"));
        html.Open("div", ("class", "scroll"), ("role", "region"), ("aria-labelledby", "overview"), ("tabindex", "0"))
            .Open("table", ("class", "matrix"));
        html.Element("caption", "The way from the key to the pull, node by node.")
            .Open("thead")
            .Open("tr")
            .Element("th", "Node", ("scope", "col"));
        foreach (var station in ReportPath.Of([]))
            html.Element("th", station.Name, ("scope", "col"));
        html.Close().Close().Open("tbody");
        foreach (var (name, checks, at) in nodes)
        {
            html.Open("tr").Open("th", ("scope", "row")).Element("a", name, ("href", Anchor(at))).Close();
            foreach (var station in ReportPath.Of(checks))
            {
                html.Open("td", ("class", HtmlStatus.Class(station.Status)));
                HtmlStatus.Icon(html, station.Status);
                html.Element("span", HtmlStatus.Word(station.Status), ("class", "hidden")).Close();
            }

            html.CloseLine();
        }

        html.Close().Close().Close().CloseLine();
    }

    public static void Write(HtmlWriter html, List<(string Name, IReadOnlyList<TsCheck> Checks)> nodes)
    {
        if (nodes.Count == 0)
            return;
        html.Open("section", ("aria-labelledby", "nodes")).Element("h2", "Nodes", ("id", "nodes"));
        for (var i = 0; i < nodes.Count; i++)
            Node(html, nodes[i].Name, nodes[i].Checks, i);
        html.CloseLine();
    }

    private static void Node(HtmlWriter html, string name, IReadOnlyList<TsCheck> checks, int at)
    {
        var id = Anchor(at)[1..];
        var worst = ReportContent.Worst(checks.Select(check => check.Status));
        html.Open("article", ("class", "card"), ("id", id), ("aria-labelledby", id + "-name"));
        html.Open("div", ("class", "head")).Element("h3", name, ("id", id + "-name"));
        HtmlStatus.Badge(html, worst);
        html.Element("span", Tally(checks), ("class", "where")).CloseLine();
        if (ReportPath.IsNode(checks))
            HtmlPath.Write(html, name, ReportPath.Of(checks), id);
        html.Open("div", ("class", "scroll"), ("role", "region"), ("aria-labelledby", id + "-name"), ("tabindex", "0"));
        html.Open("table", ("class", "checks"))
            .Element("caption", $"Checks of {name}", ("class", "hidden"))
            .Open("thead")
            .Open("tr");
        foreach (var head in new[] { "Status", "Check", "What was seen", "Time" })
            html.Element("th", head, ("scope", "col"));
        html.Close().Close().Open("tbody");
        // What needs somebody comes first; within that the order stays.
        foreach (
            var check in checks.OrderBy(check =>
                check.Status switch
                {
                    TsCheckStatus.Fail => 0,
                    TsCheckStatus.Warning => 1,
                    TsCheckStatus.Pass => 2,
                    _ => 3,
                }
            )
        )
            Check(html, check);
        html.Close().Close().Close().CloseLine();
    }

    private static string Tally(IReadOnlyList<TsCheck> checks) =>
        string.Join(
            ", ",
            new[]
            {
                (TsCheckStatus.Fail, "failed"),
                (TsCheckStatus.Warning, "with a warning"),
                (TsCheckStatus.Pass, "passed"),
                (TsCheckStatus.Skipped, "skipped"),
            }
                .Select(kind => (Count: checks.Count(check => check.Status == kind.Item1), Word: kind.Item2))
                .Where(kind => kind.Count > 0)
                .Select(kind => FormattableString.Invariant($"{kind.Count} {kind.Word}"))
        );

    private static void Check(HtmlWriter html, TsCheck check)
    {
        html.Open("tr", ("class", HtmlStatus.Class(check.Status))).Open("td");
        HtmlStatus.Badge(html, check.Status);
        html.Close()
            .Element("th", check.Name, ("scope", "row"))
            .Open("td")
            .Element("p", check.Evidence, ("class", "evidence"));
        if (check.Cause is not null)
        {
            html.Open("p", ("class", "fix")).Element("code", check.Cause);
            if (check.Fix is not null)
                html.Text(" ").Text(check.Fix);
            html.Close();
        }

        html.Close().Element("td", Time(check.Duration), ("class", "time")).CloseLine();
    }

    internal static string Time(TimeSpan time) =>
        time switch
        {
            { TotalSeconds: < 1 } => FormattableString.Invariant($"{time.TotalMilliseconds:0} ms"),
            { TotalMinutes: < 2 } => FormattableString.Invariant($"{time.TotalSeconds:0.0} s"),
            _ => FormattableString.Invariant($"{time.TotalMinutes:0.0} min"),
        };

    // By number: two names may differ in nothing that an id can hold.
    private static string Anchor(int at) => FormattableString.Invariant($"#node-{at + 1}");
}
