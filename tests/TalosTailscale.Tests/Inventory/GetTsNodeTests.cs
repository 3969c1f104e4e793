using System.Management.Automation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Inventory;

public sealed class GetTsNodeTests
{
    [Theory]
    [InlineData("Get-TsNode -Inventory $d", "altra,ampone,ryzen")]
    [InlineData("Get-TsNode a* -Inventory $d", "altra,ampone")]
    [InlineData("Get-TsNode ryzen, AMPONE -Inventory $d", "ryzen,ampone")]
    [InlineData("Get-TsNode 192.168.1.85 -Inventory $d", "altra")]
    [InlineData("'ryzen', 'alt*' | Get-TsNode -Inventory $d", "ryzen,altra")]
    [InlineData("Get-TsNode nuc* -Inventory $d", "")]
    public void Nodes_are_found_by_name_wildcard_and_address(string script, string names)
    {
        using var session = PowerShellSession.Create();

        var result = session.Invoke("param($d) " + script, ("d", Repository.Devices));

        result.AssertNoErrors();
        Assert.Equal(names, string.Join(',', result.OutputOf<TsNode>().Select(n => n.Name)));
    }

    [Fact]
    public void The_inventory_is_found_from_a_folder_below()
    {
        using var session = PowerShellSession.Create();

        var result = session.Invoke(
            "param($d) $null = $ExecutionContext.SessionState.Path.SetLocation($d); $env:TALOSTAILSCALE_DEVICES = $null; Get-TsNode",
            ("d", Path.Combine(Repository.Devices, "ampone", "manifests"))
        );

        Assert.Equal(3, result.OutputOf<TsNode>().Count);
    }

    [Fact]
    public void One_unknown_name_is_one_error_and_the_others_go_on()
    {
        using var session = PowerShellSession.Create();

        var result = session.Invoke(
            "param($d) Get-TsNode ryzen, nobody, altra -Inventory $d",
            ("d", Repository.Devices)
        );

        Assert.Equal(["ryzen", "altra"], result.OutputOf<TsNode>().Select(n => n.Name));
        var error = result.AssertError("NodeNotFound");
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal("nobody", error.TargetObject);
    }

    [Fact]
    public void No_inventory_ends_the_pipeline()
    {
        using var session = PowerShellSession.Create();

        var result = session.Invoke("'a', 'b' | Get-TsNode -Inventory /no/such/folder");

        Assert.Single(result.Errors);
        result.AssertError("InventoryNotFound");
    }

    [Fact]
    public void Names_are_completed()
    {
        using var session = PowerShellSession.Create();

        var result = session.Invoke(
            "param($d) $null = $ExecutionContext.SessionState.Path.SetLocation($d); $t = 'Get-TsNode a'; (TabExpansion2 $t $t.Length).CompletionMatches.CompletionText",
            ("d", Repository.Root)
        );

        Assert.Equal(["altra", "ampone"], result.Output.Select(o => o.ToString()));
    }
}
