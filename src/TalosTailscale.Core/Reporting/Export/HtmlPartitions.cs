namespace TalosTailscale.Core.Reporting.Export;

/// <summary>The EFI system partitions: a bar of what lies on each, drawn to scale, then the files and the findings.</summary>
internal static class HtmlPartitions
{
    private const double Width = 900;
    private const int MinimumWidth = 6;

    public static void Write(HtmlWriter html, IReadOnlyList<EspInfo> partitions)
    {
        if (partitions.Count == 0)
            return;
        html.Open("section", ("aria-labelledby", "partitions"))
            .Element("h2", "EFI system partitions", ("id", "partitions"));
        for (var i = 0; i < partitions.Count; i++)
            Partition(html, partitions[i], FormattableString.Invariant($"esp-{i + 1}"));
        html.CloseLine();
    }

    private static void Partition(HtmlWriter html, EspInfo esp, string id)
    {
        EspFile[] shown =
        [
            .. esp
                .Files.Where(file =>
                    file.Role is not (EspFileRole.LoaderData or EspFileRole.BootLoader or EspFileRole.Other)
                )
                .OrderBy(file => file.Role),
        ];
        var other = esp.Files.Except(shown).Sum(file => file.Size);
        html.Open("article", ("class", "card"), ("aria-labelledby", id + "-name"))
            .Open("div", ("class", "head"))
            .Element("h3", esp.Node, ("id", id + "-name"))
            .Element("span", $"{esp.Device} · {Size(esp.Free)} of {Size(esp.Size)} free", ("class", "where"))
            .Close();
        Picture(html, esp, shown, other, id);
        html.Open("p").Text(esp.NextBoot.Entry is { } next ? "Next boot: " : "There is no boot entry.");
        if (esp.NextBoot.Entry is { } entry)
            html.Element("strong", entry.FileName).Text($" ({esp.NextBoot.Reason})");
        html.Close();
        Files(html, esp, shown, id);
        if (esp.Findings.Count > 0)
        {
            html.Open("ul", ("class", "findings"));
            foreach (var finding in esp.Findings)
                html.Open("li").Element("code", finding.Code).Text($" {finding.Evidence} {finding.Advice}").Close();
            html.Close();
        }

        html.CloseLine();
    }

    private static void Picture(HtmlWriter html, EspInfo esp, EspFile[] shown, long other, string id)
    {
        html.Open("figure", ("class", "esp"))
            .Open(
                "div",
                ("class", "scroll"),
                ("role", "region"),
                ("aria-labelledby", id + "-title"),
                ("tabindex", "0")
            );
        html.Open("svg", ("viewBox", "0 0 900 64"), ("role", "img"), ("aria-labelledby", $"{id}-title {id}-desc"));
        html.Element("title", $"The EFI system partition of {esp.Node}", ("id", id + "-title"));
        html.Element(
            "desc",
            string.Join(", ", shown.Select(file => $"{file.Name} {Size(file.Size)} {Role(file)}"))
                + $", other files {Size(other)}, free {Size(esp.Free)}.",
            ("id", id + "-desc")
        );
        html.Empty(
            "rect",
            ("class", "free"),
            ("x", "0"),
            ("y", "22"),
            ("width", HtmlWriter.Number(Width)),
            ("height", "30"),
            ("rx", "5")
        );
        var total = Math.Max(esp.Size, shown.Sum(file => file.Size) + other);
        double x = 0;
        for (var i = 0; i < shown.Length; i++)
        {
            var width = Segment(shown[i].Size, total);
            html.Empty(
                "rect",
                ("class", "seg " + Class(shown[i])),
                ("x", HtmlWriter.Number(x)),
                ("y", "22"),
                ("width", HtmlWriter.Number(width - 2)),
                ("height", "30"),
                ("rx", "3")
            );
            html.Element(
                "text",
                FormattableString.Invariant($"{i + 1}"),
                ("class", "num"),
                ("x", HtmlWriter.Number(x + (width / 2) - 1)),
                ("y", "63"),
                ("text-anchor", "middle")
            );
            if (shown[i].IsBooted || shown[i].BootsNext)
                Marker(html, x + (width / 2) - 1, shown[i]);
            x += width;
        }

        if (other > 0)
            html.Empty(
                "rect",
                ("class", "seg other"),
                ("x", HtmlWriter.Number(x)),
                ("y", "22"),
                ("width", HtmlWriter.Number(Segment(other, total) - 2)),
                ("height", "30"),
                ("rx", "3")
            );
        html.Close().Close().Close();
    }

    private static void Marker(HtmlWriter html, double x, EspFile file)
    {
        var label = (file.IsBooted, file.BootsNext) switch
        {
            (true, true) => "runs and boots next",
            (true, false) => "runs",
            _ => "boots next",
        };
        html.Empty(
            "path",
            ("class", "marker"),
            ("d", $"M{HtmlWriter.Number(x - 5)} 12H{HtmlWriter.Number(x + 5)}L{HtmlWriter.Number(x)} 20Z")
        );
        html.Element("text", label, ("x", HtmlWriter.Number(Math.Max(0, x - 5))), ("y", "9"), ("text-anchor", "start"));
    }

    private static void Files(HtmlWriter html, EspInfo esp, EspFile[] shown, string id)
    {
        html.Open("div", ("class", "scroll"), ("role", "region"), ("aria-labelledby", id + "-name"), ("tabindex", "0"))
            .Open("table");
        html.Element("caption", $"Images on the EFI system partition of {esp.Node}", ("class", "hidden"))
            .Open("thead")
            .Open("tr");
        foreach (var head in new[] { "No.", "File", "Role", "Version", "Size", "Written" })
            html.Element("th", head, ("scope", "col"));
        html.Close().Close().Open("tbody");
        for (var i = 0; i < shown.Length; i++)
        {
            var file = shown[i];
            html.Open("tr")
                .Open("td")
                .Element("span", FormattableString.Invariant($"{i + 1}"), ("class", "key " + Class(file)))
                .Close()
                .Element("th", file.Name, ("scope", "row"))
                .Element("td", Role(file))
                .Element("td", file.Uki?.Version ?? "")
                .Element("td", Size(file.Size), ("class", "time"))
                .Element("td", FormattableString.Invariant($"{file.Modified:yyyy-MM-dd HH:mm}"))
                .CloseLine();
        }

        html.Close().Close().CloseLine();
    }

    private static double Segment(long size, long total) =>
        Math.Max(MinimumWidth, total == 0 ? 0 : Width * size / total);

    private static string Class(EspFile file) =>
        file.Role switch
        {
            EspFileRole.Entry => file.IsBooted ? "booted" : "entry",
            EspFileRole.Backup => "backup",
            EspFileRole.Disabled => "disabled",
            _ => "staged",
        };

    private static string Role(EspFile file) =>
        string.Join(
            ", ",
            new[] { file.Role.ToString(), file.IsBooted ? "runs" : "", file.BootsNext ? "boots next" : "" }.Where(
                part => part.Length > 0
            )
        );

    private static string Size(long bytes) =>
        bytes switch
        {
            < 1 << 20 => FormattableString.Invariant($"{bytes / 1024.0:0} KiB"),
            < 10L << 30 => FormattableString.Invariant($"{bytes / 1048576.0:0} MiB"),
            _ => FormattableString.Invariant($"{bytes / 1073741824.0:0} GiB"),
        };
}
