using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Talos;

/// <summary>Wildcards in <c>-Node</c> mean nodes of the inventory, for those that read and those that change.</summary>
public sealed class NodeWildcardTests
{
    [Fact]
    public async Task A_wildcard_is_every_node_that_it_matches()
    {
        await using LabSession lab = await LabSession.StartAsync();

        PowerShellResult services = lab.Invoke("Get-TalosService -Node A*, ryzen, altra -Id etcd");
        services.AssertNoErrors();
        Assert.Equal(
            ["altra", "ampone", "ryzen"],
            services.OutputOf<TalosService>().Select(service => service.Node).Order()
        );

        PowerShellResult rendered = lab.Invoke(
            "param($k) New-TsExtensionServiceConfig -Node a* -AuthKeyReference $k -PassThru",
            ("k", lab.KeyReference)
        );
        rendered.AssertNoErrors();
        Assert.Equal(
            ["altra", "ampone"],
            rendered.OutputOf<TsExtensionServiceConfig>().Select(config => config.Node.Name).Order()
        );

        PowerShellResult plan = lab.Invoke(
            "Set-TalosMachinePatch -Node *zen @{ machine = @{ sysctls = @{ a = '1' } } } -WhatIf"
        );
        Assert.Equal("ryzen", plan.Single<MachinePatchResult>().Node);
    }

    [Fact]
    public async Task One_that_matches_none_is_an_error_and_the_others_go_on()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult services = lab.Invoke("Get-TalosService -Node z*, ryzen -Id etcd");
        Assert.Equal("ryzen", Assert.Single(services.OutputOf<TalosService>()).Node);
        Assert.Equal("z*", services.AssertError("NodeNotFound").TargetObject);
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_a_service_that_is_not_there()
    {
        await using LabSession lab = await LabSession.StartAsync();
        lab.Invoke("Get-TalosLog -Node ryzen nothing").AssertError("TalosServiceNotFound");
    }
}
