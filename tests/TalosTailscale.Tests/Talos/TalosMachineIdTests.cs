using TalosTailscale.Core.Talos;
using TalosTailscale.Lab.Nodes;

namespace TalosTailscale.Tests.Talos;

/// <summary>The machine id that Talos makes of a node's identity.</summary>
public sealed class TalosMachineIdTests
{
    // siderolabs/talos internal/app/machined/pkg/adapters/cluster/identity_test.go
    [Fact]
    public void It_is_what_Talos_makes_of_it() =>
        Assert.Equal(
            "be871ac0d0dd31fa4caca753b0f3f1b2",
            TalosMachineId.Of("sou7yy34ykX3n373Zw1DXKb8zD7UnyKT6HT3QDsGH6L")
        );

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("sou7yy34ykX3n373Zw1DXKb8zD7UnyKT6HT3QDsGH6-")]
    [InlineData("söu7yy34ykX3n373Zw1DXKb8zD7UnyKT6HT3QDsGH6L")]
    public void What_is_no_identity_has_none(string text) => Assert.Null(TalosMachineId.Of(text));

    [Fact]
    public void It_is_the_first_half_of_whatever_the_lab_writes()
    {
        for (int i = 0; i < 1000; i++)
        {
            byte[] identity = LabIds.Identity();
            Assert.Equal(Convert.ToHexStringLower(identity, 0, 16), TalosMachineId.Of(LabIds.NodeId(identity)));
        }
    }
}
