namespace TalosTailscale.Pester;

/// <summary>What <c>tests/pester.ps1</c> says of one test.</summary>
/// <param name="File">The Pester file.</param>
/// <param name="Line">The line of the <c>It</c>; 0 for what failed outside of any.</param>
/// <param name="Name">The titles of Describe, Context and It.</param>
/// <param name="Result">As Pester says it: Passed, Failed, Skipped, Inconclusive, NotRun.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Message">Why it failed or was skipped; null where there is nothing to say.</param>
/// <param name="Trace">Where it failed.</param>
public sealed record PesterTest(
    string File,
    int Line,
    string Name,
    string Result,
    double Seconds = 0,
    string? Message = null,
    string? Trace = null
)
{
    /// <summary>The file's name before the titles: two files may have the same.</summary>
    public string FullName => $"{Path.GetFileName(File).Replace(".Tests.ps1", "", StringComparison.Ordinal)}: {Name}";

    /// <summary>Whether it stands for what failed outside of any <c>It</c>.</summary>
    public bool IsOutside => Line == 0;
}
