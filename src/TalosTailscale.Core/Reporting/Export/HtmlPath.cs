namespace TalosTailscale.Core.Reporting.Export;

/// <summary>The picture of a node's way from the key to the pull: a line of stations, which ends where the way is broken.</summary>
internal static class HtmlPath
{
    private const int Step = 112;
    private const int Left = 52;
    private const int Line = 30;
    private const int Radius = 15;

    public static void Write(HtmlWriter html, string node, IReadOnlyList<ReportStation> stations, string id)
    {
        var width = (Left * 2) + (Step * (stations.Count - 1));
        html.Open("figure", ("class", "path"));
        html.Open("div", ("class", "scroll"), ("role", "region"), ("aria-labelledby", id + "-path"), ("tabindex", "0"));
        html.Open(
            "svg",
            ("viewBox", FormattableString.Invariant($"0 0 {width} 76")),
            ("role", "img"),
            ("aria-labelledby", $"{id}-path {id}-desc")
        );
        html.Element("title", $"The way of {node} from the key to the pull", ("id", id + "-path"));
        html.Element(
            "desc",
            string.Join(", ", stations.Select(one => $"{one.Name}: {HtmlStatus.Word(one.Status)}")) + ".",
            ("id", id + "-desc")
        );
        var whole = true;
        for (var i = 0; i + 1 < stations.Count; i++)
        {
            whole &= stations[i].Status != TsCheckStatus.Fail;
            var good = whole && stations[i + 1].Status is TsCheckStatus.Pass or TsCheckStatus.Warning;
            html.Empty(
                "line",
                ("class", good && whole ? "way" : "way broken"),
                ("x1", Number(At(i) + Radius + 4)),
                ("x2", Number(At(i + 1) - Radius - 4)),
                ("y1", Number(Line)),
                ("y2", Number(Line))
            );
        }

        for (var i = 0; i < stations.Count; i++)
        {
            html.Open(
                "g",
                ("class", "station " + HtmlStatus.Class(stations[i].Status)),
                ("transform", $"translate({Number(At(i))} {Number(Line)})")
            );
            html.Empty("circle", ("r", Number(Radius))).Open("g", ("transform", "scale(1.4)"));
            HtmlStatus.Sign(html, stations[i].Status);
            html.Close().Element("text", stations[i].Name, ("y", "36"), ("text-anchor", "middle")).Close();
        }

        html.Close().Close();
        html.Open("figcaption").Text(Sentence(stations)).Close().CloseLine();
    }

    private static string Sentence(IReadOnlyList<ReportStation> stations)
    {
        var broken = stations.FirstOrDefault(one => one.Status == TsCheckStatus.Fail);
        if (broken is not null)
        {
            var check = broken.Checks.First(one => one.Status == TsCheckStatus.Fail);
            return $"The way is broken at {broken.Name}: {check.Cause ?? check.Name}.";
        }

        return stations[^1].Status == TsCheckStatus.Pass ? "The way is whole: the node pulled the private image."
            : stations.Any(one => one.Status == TsCheckStatus.Pass) ? "Nothing on the way is broken; no pull proved it."
            : "The way was not looked at.";
    }

    private static double At(int index) => Left + (index * Step);

    private static string Number(double value) => HtmlWriter.Number(value);
}
