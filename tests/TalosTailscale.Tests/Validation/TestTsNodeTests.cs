using TalosTailscale.Core.Validation;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>Test-TsNode through the real engine, over real sockets, on the lab.</summary>
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
    public async Task Nodes_without_the_extension_are_named_as_such()
    {
        await using var lab = await LabSession.StartAsync(new LabOptions());

        var result = lab.Invoke("Get-TsNode | Test-TsNode");

        result.AssertNoErrors();
        var checks = result.OutputOf<TsCheck>();
        Assert.Equal(["altra", "ampone", "ryzen"], checks.Select(c => c.Node).Distinct());
        Assert.All(checks.Where(c => c.Name == "Extension"), c => Assert.Equal("ExtensionMissing", c.Cause));
    }

    [Fact]
    public async Task Joined_nodes_pass_every_check()
    {
        await using var lab = await JoinedLab.StartAsync();

        var result = lab.Invoke("Get-TsNode | Test-TsNode");

        result.AssertNoErrors();
        var checks = result.OutputOf<TsCheck>();
        Assert.All(checks.Where(c => c.Status != TsCheckStatus.Pass), c =>
            Assert.True(
                c.Name is "RegistryName" or "PrivatePull" && c.Status == TsCheckStatus.Skipped,
                $"{c} {c.Evidence}"
            )
        );
        Assert.True(lab.Invoke("Get-TsNode | Test-TsNode -Quiet").Single<bool>());
    }

    [Fact]
    public async Task Quiet_is_true_only_where_everything_asked_for_was_looked_at_and_passed()
    {
        await using var lab = await JoinedLab.StartAsync();
        bool Quiet(string script) => Assert.IsType<bool>(Assert.Single(lab.Invoke(script).Output).BaseObject);

        Assert.True(Quiet("Test-TsNode ryzen -Check Api, Stage -Quiet"));
        Assert.False(Quiet("Test-TsNode ryzen, nosuch -Check Api, Stage -Quiet"));
        Assert.False(Quiet("Test-TsNode nosuch -Check Api, Stage -Quiet"));
        Assert.False(Quiet("@() | Test-TsNode -Check Api, Stage -Quiet"));
        Assert.False(Quiet("Test-TsNode ryzen -Check Api -SkipCheck Api -Quiet"));
        // Named, and there is no image to pull: not looked at.
        Assert.False(Quiet("Test-TsNode ryzen -Check Api, PrivatePull -Quiet"));
        lab.Lab.Node("altra").Faults.Set(LabFault.NeverBoots);
        lab.Lab.Node("altra").PowerCycle();
        await lab.Lab.Node("altra").WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);
        Assert.False(Quiet("Test-TsNode ryzen, altra -Check Stage -Quiet"));
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

    [Fact]
    public async Task A_stop_does_not_wait_for_nodes_that_never_answer()
    {
        await using var lab = await LabSession.StartAsync(new LabOptions());
        foreach (var node in lab.Lab.Nodes)
            node.Faults.Set(LabFault.NeverAnswers);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // A call would wait fifteen seconds for its answer, and a check for the settling of a service ten.
        var run = lab.Session.InvokeAndStopAsync(
            "param($asked) Get-TsNode | ForEach-Object { $null = $asked.TrySetResult(); $_ } | Test-TsNode",
            async () =>
            {
                await asked.Task;
                await Task.Delay(500, TestContext.Current.CancellationToken);
            },
            ("asked", asked)
        );
        var result = await run.WaitAsync(TimeSpan.FromSeconds(12), TestContext.Current.CancellationToken);

        Assert.Empty(result.Output);
    }
}
