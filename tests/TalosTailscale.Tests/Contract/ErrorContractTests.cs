using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using TalosTailscale.Build.Help;
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

    // What an error advises has to be there: a cmdlet of the module, with the parameters it is given.
    [Fact]
    public void Advice_names_cmdlets_and_parameters_that_there_are()
    {
        var cmdlets = ModuleCmdlet.All.ToDictionary(cmdlet => cmdlet.Name, StringComparer.Ordinal);
        string[] nouns = [.. cmdlets.Keys.Select(name => name.Split('-')[1]).Distinct()];
        var wrong = new List<string>();
        foreach ((string field, TsError error) in Errors)
        {
            foreach (Match used in Command().Matches(error.RecommendedAction))
            {
                string name = used.Groups[1].Value;
                if (!cmdlets.TryGetValue(name, out ModuleCmdlet? cmdlet))
                {
                    if (nouns.Contains(name.Split('-')[1]))
                        wrong.Add($"{field}: there is no {name}");
                    continue;
                }

                wrong.AddRange(
                    used.Groups[2]
                        .Captures.Select(parameter => parameter.Value.Trim(' ', '-'))
                        .Where(parameter => !cmdlet.Parameters.ContainsKey(parameter) && !s_common.Contains(parameter))
                        .Select(parameter => $"{field}: {name} has no -{parameter}")
                );
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Categories_are_those_of_PowerShell() =>
        Assert.All(Enum.GetNames<TsErrorCategory>(), name =>
            Assert.True(Enum.TryParse<ErrorCategory>(name, out _), name)
        );

    private static readonly string[] s_common = ["Verbose", "Debug", "WhatIf", "Confirm", "ErrorAction"];

    [GeneratedRegex(@"\b([A-Z][a-z]+-(?:Ts|Talos|Uki|Tailnet)[A-Za-z]*)( -[A-Z][A-Za-z]+)*")]
    private static partial Regex Command();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]{3,}$")]
    private static partial Regex PascalCase();
}
