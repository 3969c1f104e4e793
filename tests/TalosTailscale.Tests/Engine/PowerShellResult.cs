using System.Management.Automation;

namespace TalosTailscale.Tests.Engine;

/// <summary>Everything that one script wrote, stream by stream.</summary>
internal sealed record PowerShellResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<string> Debug,
    IReadOnlyList<string> Information,
    IReadOnlyList<ProgressRecord> Progress,
    string Host
)
{
    /// <summary>The error that ended the script, when one did; it is also the last of <see cref="Errors"/>.</summary>
    public ErrorRecord? Terminating { get; init; }

    /// <summary>The output objects as one type; fails the test when one is something else.</summary>
    public IReadOnlyList<T> OutputOf<T>() =>
        [.. Output.Select(value => Assert.IsType<T>(value.BaseObject, exactMatch: false))];

    /// <summary>The one output object.</summary>
    public T Single<T>()
    {
        AssertNoErrors();
        return Assert.IsType<T>(Assert.Single(Output).BaseObject, exactMatch: false);
    }

    public void AssertNoErrors() =>
        Assert.True(Errors.Count == 0, string.Join(Environment.NewLine, Errors.Select(Describe)));

    /// <summary>Asserts one error with this id and an advice, and gives it back.</summary>
    public ErrorRecord AssertError(string errorId)
    {
        ErrorRecord? error = Errors.FirstOrDefault(e => e.FullyQualifiedErrorId.Split(',')[0] == errorId);
        Assert.True(error is not null, $"No error '{errorId}' but: " + string.Join(" | ", Errors.Select(Describe)));
        Assert.False(string.IsNullOrWhiteSpace(error.ErrorDetails?.RecommendedAction), "The error gives no advice.");
        return error;
    }

    /// <summary>All text that a person could see, and the objects' own texts, for searching.</summary>
    public string AllText() =>
        string.Join(
            '\n',
            Output
                .SelectMany(value => value.Properties.Select(Text).Prepend(value.ToString()))
                .Concat(Errors.Select(Describe))
                .Concat(Errors.Select(e => e.Exception.ToString()))
                .Concat(Warnings)
                .Concat(Verbose)
                .Concat(Debug)
                .Concat(Information)
                .Concat(Progress.Select(p => $"{p.Activity} {p.StatusDescription} {p.CurrentOperation}"))
                .Append(Host)
        );

    private static string Text(PSPropertyInfo property)
    {
        try
        {
            return $"{property.Name}={property.Value}";
        }
        catch (GetValueException exception)
        {
            return $"{property.Name}!{exception.Message}";
        }
    }

    private static string Describe(ErrorRecord error) =>
        $"{error.FullyQualifiedErrorId}: {error.Exception.Message} {error.ErrorDetails?.Message} "
        + $"[{error.CategoryInfo.Category}, {error.TargetObject}] {error.ErrorDetails?.RecommendedAction}";
}
