using TalosTailscale.Core.Validation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>The help's tables of causes are those of the code. TALOSTAILSCALE_UPDATE=1 writes them anew.</summary>
public sealed class FailureModesTests
{
    private const string Begin =
        "<!-- causes: made from TalosTailscale.Core.Validation.Causes by FailureModesTests -->\n";
    private const string End = "<!-- end of causes -->";

    [Fact]
    public void The_help_lists_every_cause_with_its_fix()
    {
        string file = Path.Combine(Repository.Root, "docs", "help", "about_TalosTailscale_FailureModes.md");
        string text = File.ReadAllText(file).ReplaceLineEndings("\n");
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length,
            end = text.IndexOf(End, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("TALOSTAILSCALE_UPDATE") == "1")
            File.WriteAllText(file, text[..begin] + FailureModeTable.Write() + text[end..]);
        else
            Assert.Equal(FailureModeTable.Write(), text[begin..end]);
        Assert.All(Enumerable.Range(1, 5), mode =>
            Assert.Contains($"\n| {mode} | ", text[..begin], StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Every_cause_that_a_check_or_the_log_can_name_is_in_the_table() =>
        Assert.All(Causes.All, cause =>
            Assert.Contains($"| `{cause.Code}` |", FailureModeTable.Write(), StringComparison.Ordinal)
        );
}
