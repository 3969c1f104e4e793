namespace TalosTailscale.Core.Reporting.Export;

/// <summary>How a status looks: a class, a sign that needs no colour, a word.</summary>
internal static class HtmlStatus
{
    public static string Class(TsCheckStatus status) =>
        status switch
        {
            TsCheckStatus.Pass => "pass",
            TsCheckStatus.Warning => "warn",
            TsCheckStatus.Fail => "fail",
            _ => "skip",
        };

    public static string Word(TsCheckStatus status) => status.ToString();

    /// <summary>The sign alone, for where the word stands beside it.</summary>
    public static void Icon(HtmlWriter html, TsCheckStatus status)
    {
        html.Open("svg", ("class", "icon"), ("viewBox", "-10 -10 20 20"), ("aria-hidden", "true"));
        html.Empty("circle", ("r", "9"));
        Sign(html, status);
        html.Close();
    }

    /// <summary>Sign and word.</summary>
    public static void Badge(HtmlWriter html, TsCheckStatus status)
    {
        html.Open("span", ("class", "badge " + Class(status)));
        Icon(html, status);
        html.Text(Word(status)).Close();
    }

    /// <summary>The strokes of the sign, around the origin, within five units.</summary>
    public static void Sign(HtmlWriter html, TsCheckStatus status) =>
        html.Empty(
            "path",
            ("class", "sign"),
            (
                "d",
                status switch
                {
                    TsCheckStatus.Pass => "M-4.5 0.5L-1.5 3.5L4.5 -3.5",
                    TsCheckStatus.Warning => "M0 -5V1.5M0 4.6V5",
                    TsCheckStatus.Fail => "M-3.8 -3.8L3.8 3.8M3.8 -3.8L-3.8 3.8",
                    _ => "M-3.5 0H3.5",
                }
            )
        );
}
