using System.Management.Automation;

namespace TalosTailscale.Tests.Engine;

/// <summary>That <see cref="DeclaredOutput"/> looks at what it should, and objects.</summary>
public sealed class DeclaredOutputTests
{
    [Theory]
    [InlineData("Get-TsNode", "Get-TsNode")]
    [InlineData("param($k) $x = 1; Get-TsNode a* | Test-TsNode -Check Api", "Test-TsNode")]
    [InlineData("Get-TsNode | ForEach-Object Name", "ForEach-Object")]
    [InlineData("Get-TsNode; Get-TsNode", null)]
    [InlineData("(Get-TsNode).Name", null)]
    [InlineData("foreach ($n in 1) { Get-TsNode }", null)]
    public void The_last_command_is_found(string script, string? command) =>
        Assert.Equal(command, DeclaredOutput.LastCommand(script));

    [Fact]
    public void An_object_of_another_type_fails_the_test()
    {
        DeclaredOutput.Check("Get-TsNode", [new PSObject(new TsNode { Name = "a", Address = "10.0.0.1" })]);
        Assert.ThrowsAny<Exception>(() => DeclaredOutput.Check("Get-TsNode", [new PSObject("a text")]));
        Assert.ThrowsAny<Exception>(() => DeclaredOutput.Check("Get-TsNode", [null]));
    }
}
