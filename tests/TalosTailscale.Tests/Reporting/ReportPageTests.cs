using System.Text.Json.Nodes;
using TalosTailscale.Core.Reporting.Export;
using TalosTailscale.Tests.Images;

namespace TalosTailscale.Tests.Reporting;

/// <summary>The page as a browser shows it. Needs Chromium; set TALOSTAILSCALE_PICTURES to a folder to keep what it looks like.</summary>
public sealed class ReportPageTests
{
    // Text against what is behind it, by WCAG 2 (relative luminance); SVG text is painted by 'fill'.
    private const string Contrast = """
        (() => {
          const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1]; };
          const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
          const light = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
          const behind = e => { const stack = []; for (let n = e; n; n = n.parentElement) stack.push(parse(getComputedStyle(n).backgroundColor)); return stack.reverse().reduce((b, c) => over(c, b), [255, 255, 255, 1]); };
          let texts = 0; const low = [];
          for (const e of document.body.querySelectorAll('*')) {
            const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim().length > 0);
            if (!own || ['title', 'desc', 'TITLE', 'STYLE'].includes(e.tagName)) continue;
            const s = getComputedStyle(e);
            if (s.visibility === 'hidden' || s.display === 'none') continue;
            texts++;
            const back = behind(e), text = over(parse(e instanceof SVGElement ? s.fill : s.color), back);
            const [a, b] = [light(text), light(back)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
            if (ratio < 4.5) low.push(`${e.tagName}.${e.getAttribute('class')} ${ratio.toFixed(2)} "${e.textContent.slice(0, 30)}"`);
          }
          return { texts, low };
        })()
        """;

    private const string Structure = """
        (() => ({
          scripts: document.querySelectorAll('script, img, iframe, object, embed, link, form, [style], [onerror], [onload]').length,
          h1: document.querySelectorAll('h1').length,
          ids: [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i),
          dangling: [...document.querySelectorAll('[aria-labelledby]')].flatMap(e => e.getAttribute('aria-labelledby').split(' ')).filter(id => !document.getElementById(id)),
          links: [...document.querySelectorAll('a')].filter(a => !a.getAttribute('href').startsWith('#') || !document.querySelector(a.getAttribute('href'))).length,
          pictures: document.querySelectorAll('svg:not([aria-hidden]):not([role=img])').length,
          nameless: [...document.querySelectorAll('svg[role=img]')].filter(s => !s.querySelector('title').textContent).length,
          headless: [...document.querySelectorAll('table')].filter(t => !t.querySelector('caption') || !t.querySelector('th[scope=col]')).length,
          unreachable: [...document.querySelectorAll('.scroll')].filter(e => e.tabIndex !== 0).length,
          widest: [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll > *')).map(e => e.tagName + '.' + e.getAttribute('class')).join(' ').slice(0, 200),
          wide: document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
          text: document.body.innerText.length
        }))()
        """;

    [Theory]
    [InlineData("light", "screen", 1280)]
    [InlineData("dark", "screen", 1280)]
    [InlineData("light", "print", 800)]
    [InlineData("dark", "print", 800)]
    [InlineData("light", "screen", 390)]
    public async Task A_page_is_quiet_keeps_to_itself_and_can_be_read(string scheme, string media, int width)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        Assert.SkipWhen(Chromium.Find() is null, "Chromium is not installed (Debian package chromium).");
        using var folder = new TemporaryFolder();
        await using Chromium browser = await Chromium.StartAsync(stop);
        foreach (
            var (name, content) in new[] { ("mixed", ReportSamples.Mixed()), ("hostile", ReportSamples.Hostile()) }
        )
        {
            string page = folder[name + ".html"];
            await ReportWriter.WriteAsync(content, ReportFormat.Html, page, stop);
            await browser.LoadAsync(page, scheme, media, width, stop);

            JsonNode contrast = (await browser.EvaluateAsync(Contrast, stop))!;
            Assert.Empty(contrast["low"]!.AsArray());
            Assert.InRange((int)contrast["texts"]!, 100, int.MaxValue);
            JsonNode structure = (await browser.EvaluateAsync(Structure, stop))!;
            foreach (string none in new[] { "scripts", "links", "pictures", "nameless", "headless", "unreachable" })
                Assert.Equal((none, 0), (none, (int)structure[none]!));
            Assert.Equal(1, (int)structure["h1"]!);
            Assert.Empty(structure["ids"]!.AsArray());
            Assert.Empty(structure["dangling"]!.AsArray());
            Assert.False((bool)structure["wide"]!, $"{name} is wider than {width}: {structure["widest"]}");
            await KeepAsync($"{name}-{scheme}-{media}-{width}.png", await browser.PictureAsync(stop));
            if (media == "print")
                Assert.InRange((await browser.PrintAsync(stop)).Length, 5_000, int.MaxValue);

            Assert.Equal([new Uri(page).AbsoluteUri], browser.Requests);
            Assert.Empty(browser.Complaints);
        }
    }

    private static async Task KeepAsync(string name, byte[] picture)
    {
        Assert.InRange(picture.Length, 10_000, int.MaxValue);
        if (Environment.GetEnvironmentVariable("TALOSTAILSCALE_PICTURES") is { Length: > 0 } folder)
            await File.WriteAllBytesAsync(Path.Combine(Directory.CreateDirectory(folder).FullName, name), picture);
    }
}
