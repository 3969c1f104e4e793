using System.Management.Automation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Views;

/// <summary>
/// Colour comes from <c>$PSStyle</c> alone, so that NO_COLOR, OutputRendering and a redirection take it away, and is never
/// the only signal. OutputRendering is one setting of the process, so these tests run alone.
/// </summary>
[Collection(nameof(ColourTests))]
[CollectionDefinition(nameof(ColourTests), DisableParallelization = true)]
public sealed class ColourTests(Screens screens) : IClassFixture<Screens>, IDisposable
{
    private readonly OutputRendering _before = PSStyle.Instance.OutputRendering;

    public void Dispose() => PSStyle.Instance.OutputRendering = _before;

    [Theory, MemberData(nameof(ViewTests.Types), MemberType = typeof(ViewTests))]
    public void Plain_text_has_no_escape_codes_and_all_the_words(string name)
    {
        object sample = ViewTests.Sample(name);
        PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        string plain = screens.ShowRaw(sample, 120);
        PSStyle.Instance.OutputRendering = OutputRendering.Ansi;
        string coloured = screens.ShowRaw(sample, 120);

        Assert.DoesNotContain('\u001b', plain);
        Assert.Equal(plain.TrimEnd(), screens.Show(sample, 120).TrimEnd());
        Assert.Equal(
            plain.TrimEnd(),
            new System.Management.Automation.Internal.StringDecorated(coloured)
                .ToString(OutputRendering.PlainText)
                .TrimEnd()
        );
    }

    [Theory]
    [InlineData(TsCheckStatus.Pass)]
    [InlineData(TsCheckStatus.Warning)]
    [InlineData(TsCheckStatus.Fail)]
    [InlineData(TsCheckStatus.Skipped)]
    public void A_status_is_coloured_and_said_in_words(TsCheckStatus status)
    {
        var check = new TsCheck
        {
            Node = "ampone",
            Name = "Service",
            Status = status,
            Evidence = "as it is",
        };
        PSStyle.Instance.OutputRendering = OutputRendering.Ansi;
        string coloured = screens.ShowRaw(check, 80);
        PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        string plain = screens.ShowRaw(check, 80);

        Assert.Contains($"m{status}\u001b[0m", coloured, StringComparison.Ordinal);
        Assert.Contains($"{status} ", plain, StringComparison.Ordinal);
    }
}
