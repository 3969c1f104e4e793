using System.Globalization;
using System.Text;
using System.Xml;

namespace TalosTailscale.Core.Reporting.Export;

/// <summary>
/// JUnit XML as build servers read it: one suite for each node, one case for each check; warnings pass and are told in
/// <c>system-out</c>.
/// </summary>
internal static class JUnitReport
{
    public static void Write(ReportContent content, TextWriter writer)
    {
        using var xml = XmlWriter.Create(writer, new XmlWriterSettings { Indent = true, CheckCharacters = true });
        var cases = Cases(content).ToList();
        xml.WriteStartElement("testsuites");
        xml.WriteAttributeString("name", Clean(content, content.Title));
        Totals(xml, cases);
        foreach (var suite in cases.GroupBy(one => one.Suite))
        {
            xml.WriteStartElement("testsuite");
            xml.WriteAttributeString("name", Clean(content, suite.Key));
            Totals(xml, suite.ToList());
            xml.WriteAttributeString(
                "timestamp",
                content.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)
            );
            foreach (var one in suite)
                Case(xml, content, one);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private sealed record Entry(
        string Suite,
        string Name,
        TsCheckStatus Status,
        string Evidence,
        string? Cause,
        string? Fix,
        TimeSpan Time
    );

    private static IEnumerable<Entry> Cases(ReportContent content) =>
        content
            .Checks.Select(c => new Entry(c.Node, c.Name, c.Status, c.Evidence, c.Cause, c.Fix, c.Duration))
            .Concat(
                content.Steps.Select(s => new Entry(
                    "rollout " + s.Node,
                    s.Name,
                    s.Status ?? TsCheckStatus.Skipped,
                    s.Evidence,
                    s.Status == TsCheckStatus.Fail ? "StepFailed" : null,
                    null,
                    s.Duration
                ))
            )
            .Concat(
                content.Partitions.SelectMany(e =>
                    e.Findings.Select(f => new Entry(
                        "ESP " + e.Node,
                        f.Code,
                        TsCheckStatus.Warning,
                        f.Evidence,
                        f.Code,
                        f.Advice,
                        TimeSpan.Zero
                    ))
                )
            );

    private static void Totals(XmlWriter xml, List<Entry> cases)
    {
        xml.WriteAttributeString("tests", Text(cases.Count));
        xml.WriteAttributeString("failures", Text(cases.Count(one => one.Status == TsCheckStatus.Fail)));
        xml.WriteAttributeString("errors", "0");
        xml.WriteAttributeString("skipped", Text(cases.Count(one => one.Status == TsCheckStatus.Skipped)));
        xml.WriteAttributeString("time", Seconds(cases.Aggregate(TimeSpan.Zero, (sum, one) => sum + one.Time)));
    }

    private static void Case(XmlWriter xml, ReportContent content, Entry one)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", Clean(content, one.Suite));
        xml.WriteAttributeString("name", Clean(content, one.Name));
        xml.WriteAttributeString("time", Seconds(one.Time));
        var told = Clean(content, one.Evidence + (one.Fix is null ? "" : $"\n{one.Fix}"));
        switch (one.Status)
        {
            case TsCheckStatus.Fail:
                xml.WriteStartElement("failure");
                xml.WriteAttributeString("type", Clean(content, one.Cause ?? "Fail"));
                xml.WriteAttributeString("message", Clean(content, one.Evidence));
                xml.WriteString(told);
                xml.WriteEndElement();
                break;
            case TsCheckStatus.Skipped:
                xml.WriteStartElement("skipped");
                xml.WriteAttributeString("message", Clean(content, one.Evidence));
                xml.WriteEndElement();
                break;
            case TsCheckStatus.Warning:
                xml.WriteElementString("system-out", Clean(content, $"{one.Cause}: ") + told);
                break;
            default:
                break;
        }

        xml.WriteEndElement();
    }

    // XML 1.0 has no form for most control characters and lone surrogates, not even escaped.
    private static string Clean(ReportContent content, string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in content.Mask(text).EnumerateRunes())
            clean.Append(
                HtmlWriter.IsTricky(rune) || rune.Value is 0xFFFE or 0xFFFF
                    ? $"\u27E8U+{rune.Value:X4}\u27E9"
                    : rune.ToString()
            );
        return clean.ToString();
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
