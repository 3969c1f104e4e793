using TalosTailscale.Core.Validation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>What Test-TsNode has of the Core's rules.</summary>
public sealed class TestTsNodeTests
{
    [Fact]
    public void The_names_that_the_parameters_take_are_those_of_the_checks()
    {
        using var session = PowerShellSession.Create();

        foreach (var parameter in new[] { "Check", "SkipCheck" })
        {
            var values = session.Invoke(
                "param($p) (Get-Command Test-TsNode).Parameters[$p].Attributes | ForEach-Object { $_.ValidValues }",
                ("p", parameter)
            );
            Assert.Equal(NodeValidation.CheckNames, values.Output.Where(v => v is not null).Select(v => v.ToString()));
        }
    }

    [Fact]
    public void Quiet_is_false_where_the_role_does_not_let_a_check_look()
    {
        var check = new TsCheck
        {
            Node = "ryzen",
            Name = "ServiceConfig",
            Status = TsCheckStatus.Skipped,
            Evidence = "the role os:reader may not read machine configurations",
        };
        Assert.False(Verdict.Allows(check, []));
        Assert.True(Verdict.Allows(check with { NotApplicable = true }, []));
        Assert.False(Verdict.Allows(check with { NotApplicable = true }, ["serviceconfig"]));
        Assert.True(Verdict.Allows(check with { Status = TsCheckStatus.Warning }, []));
    }
}
