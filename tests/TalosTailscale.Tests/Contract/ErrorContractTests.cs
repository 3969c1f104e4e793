using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using TalosTailscale.Commands;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Tests.Contract;

/// <summary>Every kind of error has an id of its own, a category that PowerShell knows, a meaning and an advice.</summary>
public sealed partial class ErrorContractTests
{
    private static IReadOnlyList<(string Field, TsError Error)> Errors { get; } =
    [
        .. new[] { typeof(IReporter).Assembly, typeof(TsCmdlet).Assembly, typeof(TsError).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(field => field.FieldType == typeof(TsError))
            .Select(field => ($"{field.DeclaringType!.Name}.{field.Name}", (TsError)field.GetValue(null)!)),
    ];

    [Fact]
    public void Ids_are_unique_and_state_a_condition()
    {
        Assert.NotEmpty(Errors);
        Assert.Empty(Errors.GroupBy(e => e.Error.Id).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.All(Errors, e => Assert.Matches(PascalCase(), e.Error.Id));
    }

    [Fact]
    public void Each_has_a_meaning_and_an_advice() => Assert.All(Errors, e =>
    {
        Assert.EndsWith(".", e.Error.Meaning, StringComparison.Ordinal);
        Assert.EndsWith(".", e.Error.RecommendedAction, StringComparison.Ordinal);
    });

    [Fact]
    public void Categories_are_those_of_PowerShell() => Assert.All(
        Enum.GetNames<TsErrorCategory>(), name => Assert.True(Enum.TryParse<ErrorCategory>(name, out _), name));

    [GeneratedRegex("^[A-Z][A-Za-z0-9]{3,}$")]
    private static partial Regex PascalCase();
}
