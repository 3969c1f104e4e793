using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TalosTailscale.Core.Reporting.Export;

/// <summary>
/// One page with everything in it: no script, no picture from elsewhere, nothing fetched, which its own Content Security
/// Policy holds. Readable without colour, by keyboard and by screen readers, on paper, in light and dark.
/// </summary>
internal sealed class HtmlReport(ReportContent content, TextWriter writer)
{
    private static readonly string s_style = ReadStyle();

    private readonly HtmlWriter _html = new(writer, content.Mask);

    public void Write()
    {
        _html.Constant("<!DOCTYPE html>\n").Open("html", ("lang", "en"));
        Head();
        _html.Open("body");
        _html.Element("a", "Skip to the report", ("class", "jump"), ("href", "#main"));
        var nodes = content
            .Checks.GroupBy(check => check.Node)
            .Select(group => (Name: group.Key, Checks: (IReadOnlyList<TsCheck>)[.. group]))
            .ToList();
        Header(nodes.Count);
        _html.Open("main", ("id", "main"));
        Tiles(nodes);
        HtmlAdvice.Write(_html, content);
        HtmlNodes.WriteOverview(_html, nodes);
        HtmlNodes.Write(_html, nodes);
        HtmlSteps.Write(_html, content.Steps);
        HtmlPartitions.Write(_html, content.Partitions);
        _html.CloseLine();
        _html
            .Open("footer")
            .Element(
                "p",
                "Made by Export-TsReport of TalosTailscale. The codes are those of about_TalosTailscale_FailureModes."
            )
            .CloseLine();
        _html.CloseLine();
        _html.CloseLine();
    }

    private void Head()
    {
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(s_style)));
        _html
            .Open("head")
            .Empty("meta", ("charset", "utf-8"))
            .Empty(
                "meta",
                ("http-equiv", "Content-Security-Policy"),
                ("content", $"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
            )
            .Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"))
            .Empty("meta", ("name", "color-scheme"), ("content", "light dark"))
            .Empty("meta", ("name", "referrer"), ("content", "no-referrer"));
        _html.Element("title", $"{content.Title}: {Verdict(content.Verdict)}");
        _html.Open("style").Constant(s_style).Close();
        _html.CloseLine();
    }

    private void Header(int nodes)
    {
        _html.Open("header").Open("div", ("class", "wide"));
        _html.Open("div").Element("p", "Validation report", ("class", "kicker")).Element("h1", content.Title);
        _html
            .Open("p", ("class", "when"))
            .Open("time", ("datetime", content.Created.ToString("O", CultureInfo.InvariantCulture)))
            .Text(content.Created.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC")
            .Close();
        if (nodes > 0)
            _html.Text($" · {Count(nodes, "node")} · {Count(content.Checks.Count, "check")}");
        _html.Close().Close();
        _html.Open("p", ("class", "verdict " + HtmlStatus.Class(content.Verdict)));
        HtmlStatus.Icon(_html, content.Verdict);
        _html.Element("span", Verdict(content.Verdict)).Close().Close();
        _html.CloseLine();
    }

    private void Tiles(List<(string Name, IReadOnlyList<TsCheck> Checks)> nodes)
    {
        if (nodes.Count == 0)
            return;
        var good = nodes.Count(node =>
            ReportContent.Worst(node.Checks.Select(check => check.Status)) == TsCheckStatus.Pass
        );
        _html.Open("section", ("class", "tiles"), ("aria-label", "Summary"));
        Tile(
            good == nodes.Count ? TsCheckStatus.Pass : TsCheckStatus.Fail,
            $"{good} of {nodes.Count}",
            "without findings"
        );
        foreach (
            var (status, label) in new[]
            {
                (TsCheckStatus.Pass, "passed"),
                (TsCheckStatus.Warning, "with a warning"),
                (TsCheckStatus.Fail, "failed"),
                (TsCheckStatus.Skipped, "skipped"),
            }
        )
        {
            var count = content.Checks.Count(check => check.Status == status);
            Tile(count == 0 ? TsCheckStatus.Skipped : status, count.ToString(CultureInfo.InvariantCulture), label);
        }

        _html.CloseLine();
    }

    private void Tile(TsCheckStatus status, string figure, string label) =>
        _html
            .Open("p", ("class", "tile " + HtmlStatus.Class(status)))
            .Element("strong", figure)
            .Text(" ")
            .Element("span", label)
            .Close();

    internal static string Verdict(TsCheckStatus status) =>
        status switch
        {
            TsCheckStatus.Pass => "Everything is as it should be",
            TsCheckStatus.Warning => "Works, with warnings",
            TsCheckStatus.Fail => "Something is broken",
            _ => "Nothing was looked at",
        };

    internal static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    private static string ReadStyle()
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(
            "TalosTailscale.Core.Reporting.Export.report.css"
        ) ?? throw new InvalidOperationException("The style sheet is not in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
