using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using TalosTailscale.Core.Reporting.Export;

namespace TalosTailscale.Tests.Reporting;

public sealed class ExportTsReportTests
{
    [Fact]
    public async Task The_page_allows_itself_nothing_but_its_own_style_and_encodes_every_text()
    {
        string page = await TextAsync(ReportSamples.Hostile(), ReportFormat.Html);

        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
        Assert.Contains("default-src &#39;none&#39;; style-src &#39;sha256-", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', page);
        Assert.DoesNotContain('\0', page);
        Assert.Equal(1, Count(page, "</style>"));
    }

    [Fact]
    public async Task JUnit_is_XML_with_the_right_counts_whatever_the_texts_hold()
    {
        XElement mixed = XDocument.Parse(await TextAsync(ReportSamples.Mixed(), ReportFormat.JUnit)).Root!;
        XElement hostile = XDocument.Parse(await TextAsync(ReportSamples.Hostile(), ReportFormat.JUnit)).Root!;

        Assert.Equal(
            ("61", "4", "5"),
            (
                (string?)mixed.Attribute("tests"),
                (string?)mixed.Attribute("failures"),
                (string?)mixed.Attribute("skipped")
            )
        );
        Assert.Equal(
            ["ryzen", "ampone", "altra"],
            mixed.Elements("testsuite").Take(3).Select(suite => (string?)suite.Attribute("name"))
        );
        Assert.Equal(4, mixed.Descendants("failure").Count());
        Assert.Contains(hostile.Descendants("testcase"), one =>
            ((string)one.Attribute("name")!).Contains("<script>", StringComparison.Ordinal)
        );
        foreach (XElement suite in mixed.Elements("testsuite"))
            Assert.Equal((int)suite.Attribute("tests")!, suite.Elements("testcase").Count());
    }

    [Fact]
    public async Task Json_has_the_objects_and_the_verdict()
    {
        JsonNode report = JsonNode.Parse(await TextAsync(ReportSamples.Mixed(), ReportFormat.Json))!;

        Assert.Equal(("Fail", 3, 3), ((string?)report["verdict"], (int)report["nodes"]!, (int)report["failed"]!));
        Assert.Equal(
            "AuthKeyRejected",
            (string?)
                report["checks"]!
                    .AsArray()
                    .First(check => (string?)check!["name"] == "Log" && (string?)check["status"] == "Fail")!["cause"]
        );
        Assert.Equal("Entry", (string?)report["partitions"]![0]!["files"]![1]!["role"]);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static async Task<string> TextAsync(ReportContent content, ReportFormat format)
    {
        var stream = new MemoryStream();
        await ReportWriter.WriteAsync(content, format, stream, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
