namespace TalosTailscale.Build.Help;

/// <summary>The part of a page between <c>&lt;!-- NAME: …--&gt;</c> and <c>&lt;!-- /NAME --&gt;</c>, which comes from the code.</summary>
internal static class GeneratedBlock
{
    public static string Replace(string page, string name, string content)
    {
        page = page.Replace("\r\n", "\n", StringComparison.Ordinal);
        var start = page.IndexOf($"<!-- {name}", StringComparison.Ordinal);
        var end = page.IndexOf($"<!-- /{name} -->", StringComparison.Ordinal);
        if (start < 0 || end < start)
            return page;
        var from = page.IndexOf('\n', start) + 1;
        return $"{page[..from]}\n{content}\n\n{page[end..]}";
    }
}
